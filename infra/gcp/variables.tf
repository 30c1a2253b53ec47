variable "project" {
  description = "Id of the project that posture runs in. Best one of its own, in which few people have rights."
  type        = string
}

variable "region" {
  description = "Where the functions, the bucket and the schedule are."
  type        = string
  default     = "europe-west1"
}

variable "name" {
  description = "What everything is called, so that two installations can be in one project."
  type        = string
  default     = "posture"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,19}$", var.name))
    error_message = "Expected 3 to 20 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "organization" {
  description = "Number of the organization to scan. With folder: the organization in which that folder is."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[0-9]*$", var.organization))
    error_message = "Expected the organization's number, which gcloud organizations list shows."
  }
}

variable "folder" {
  description = "Number of the folder to scan, instead of its whole organization."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[0-9]*$", var.folder))
    error_message = "Expected the folder's number."
  }
}

variable "scanned_project" {
  description = "Id of the one project to scan, instead of an organization. For several, name them in posture.yaml and grant the role there by hand."
  type        = string
  default     = ""
}

variable "azure_scope" {
  description = "What of Azure to scan as well, tenants/ID, managementGroups/NAME or subscriptions/ID,ID, without stored keys (docs/azure.md). Empty for nothing."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(tenants/[0-9a-fA-F-]{36}|managementGroups/[0-9A-Za-z_().-]+|subscriptions/[0-9a-fA-F,-]{36,})?$", var.azure_scope))
    error_message = "Expected tenants/ID, managementGroups/NAME or subscriptions/ID."
  }
}

variable "azure_tenant_id" {
  description = "The tenant of the application that reads Azure."
  type        = string
  default     = ""
}

variable "azure_client_id" {
  description = "The client id of the application that reads Azure. It needs a federated credential for the output azure_subject."
  type        = string
  default     = ""
}

variable "azure_secret" {
  description = "Name of a secret of Secret Manager in the project that holds the application's own secret, or its certificate with the key as PEM, where the tenant trusts no tokens of Google. Empty for a federated credential, which is stored nowhere."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[0-9A-Za-z_-]{0,255}$", var.azure_secret))
    error_message = "Expected the name of a secret, without projects/."
  }
}

variable "azure_directory" {
  description = "Whether the tenant's directory, Entra ID, is read too. It always is where azure_scope is a tenant."
  type        = bool
  default     = false
}

variable "azure_cloud" {
  description = "The cloud of Azure that is scanned: AzureCloud, AzureUSGovernment or AzureChinaCloud. It decides which audience the federated credential has (docs/azure.md)."
  type        = string
  default     = "AzureCloud"

  validation {
    condition     = contains(["AzureCloud", "AzureUSGovernment", "AzureChinaCloud"], var.azure_cloud)
    error_message = "Expected AzureCloud, AzureUSGovernment or AzureChinaCloud."
  }
}

variable "source_archive" {
  description = "The archive that make gcp-source has written."
  type        = string
}

variable "runtime" {
  description = "The Go runtime of Cloud Functions, at least as new as go.mod asks for."
  type        = string
  default     = "go126"
}

variable "schedule" {
  description = "When to run, in cron form, in UTC."
  type        = string
  default     = "0 5 * * *"
}

variable "memory" {
  description = "Memory of the function that scans. 2Gi is for some 100,000 assets with room to spare."
  type        = string
  default     = "2Gi"
}

variable "alarm_email" {
  description = "Who gets mail when runs fail or stop. This way does not go through Slack. Empty for nobody."
  type        = string
  default     = ""
}

variable "slack" {
  description = "Whether to make a secret for the Slack bot token or the incoming webhook's URL. Its value is put in by hand, so that it is not in the state."
  type        = bool
  default     = true
}

variable "kms_key" {
  description = "A key of Cloud KMS in the region to encrypt the results and the secret with, projects/P/locations/L/keyRings/R/cryptoKeys/K. Empty for Google's own."
  type        = string
  default     = ""
}

variable "soft_delete_days" {
  description = "For how many days what was deleted or overwritten can be brought back, whoever deleted it."
  type        = number
  default     = 30

  validation {
    condition     = var.soft_delete_days >= 7 && var.soft_delete_days <= 90
    error_message = "Expected 7 to 90 days."
  }
}

variable "archive_days" {
  description = "For how many days evidence is kept in a second bucket in which nobody can change or delete it before. 0 for no such bucket."
  type        = number
  default     = 0
}

variable "archive_locked" {
  description = "Lock the archive's retention. This cannot be undone: neither the period nor the bucket can be given up before all in it is old enough."
  type        = bool
  default     = false
}

variable "labels" {
  description = "Labels for all that has labels."
  type        = map(string)
  default     = {}
}

variable "coverage_floor" {
  description = "Alarm when a run reads less than so many percent of what it should."
  type        = number
  default     = 95

  validation {
    condition     = var.coverage_floor >= 1 && var.coverage_floor <= 100
    error_message = "The floor is a percentage, from 1 to 100."
  }
}
