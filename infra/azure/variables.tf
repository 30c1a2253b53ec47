variable "location" {
  description = "Where the functions and the storage are."
  type        = string
  default     = "westeurope"
}

variable "name" {
  description = "What everything is called, so that two installations can be in one subscription. With the suffix it names storage accounts, which are unique in the world."
  type        = string
  default     = "posture"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{2,11}$", var.name))
    error_message = "Expected 3 to 12 lower-case letters and digits, beginning with a letter."
  }
}

variable "suffix" {
  description = "A few letters and digits that make the names of the storage accounts and the function app unique in the world."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{3,8}$", var.suffix))
    error_message = "Expected 3 to 8 lower-case letters and digits."
  }
}

variable "management_group" {
  description = "Name of the management group to scan. The tenant's id is that of its root group."
  type        = string
}

variable "directory" {
  description = "Whether the tenant's Entra ID is read too. Whoever applies this then needs the right to consent to permissions of Microsoft Graph."
  type        = bool
  default     = false
}

variable "cloud" {
  description = "The cloud of Azure that all of this is in, and that is scanned: AzureCloud, AzureUSGovernment or AzureChinaCloud. The environment of the provider is the same one."
  type        = string
  default     = "AzureCloud"

  validation {
    condition     = contains(["AzureCloud", "AzureUSGovernment", "AzureChinaCloud"], var.cloud)
    error_message = "Expected AzureCloud, AzureUSGovernment or AzureChinaCloud."
  }
}

variable "package" {
  description = "The zip that make azure has written."
  type        = string
}

variable "schedule" {
  description = "When to scan, as an NCRONTAB expression with seconds, in UTC."
  type        = string
  default     = "0 0 5 * * *"
}

variable "slack" {
  description = "Whether a key vault with room for the Slack token is made. Its value is put in with az, by a person."
  type        = bool
  default     = true
}

variable "alarm_email" {
  description = "Who gets mail when scans stop. Empty for nobody."
  type        = string
  default     = ""
}

variable "immutable_days" {
  description = "For how many days evidence can be neither changed nor deleted: every version of every object is kept that long. 0 for no such rule."
  type        = number
  default     = 0

  validation {
    condition     = var.immutable_days >= 0 && var.immutable_days <= 3650
    error_message = "Expected 0 to 3650 days."
  }
}

variable "immutable_locked" {
  description = "Whether the rule can never again be shortened or taken away. Try it unlocked first."
  type        = bool
  default     = false
}

variable "soft_delete_days" {
  description = "For how many days deleted objects of the results can be brought back."
  type        = number
  default     = 30
}

variable "key_vault_key" {
  description = "Id of your own key in a key vault with purge protection, without a version, to encrypt the results with. Empty for a key of Microsoft's."
  type        = string
  default     = ""
}

variable "key_vault_id" {
  description = "Id of the vault that key_vault_key is in. It uses Azure RBAC."
  type        = string
  default     = ""
}

variable "log_days" {
  description = "For how many days logs are kept."
  type        = number
  default     = 90
}

variable "tags" {
  description = "Tags for everything that is made."
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
