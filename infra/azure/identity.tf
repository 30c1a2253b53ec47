# Who reads: a managed identity, without a key. Its custom role holds the
# permission of every call that the scanners make, and no other; scan-role.json
# is written from the code. In the results it can change neither the
# configuration that it goes by nor anything outside of what it keeps.
resource "azurerm_user_assigned_identity" "scan" {
  name                = "${var.name}-scan"
  resource_group_name = azurerm_resource_group.posture.name
  location            = var.location
  tags                = var.tags
}

# Who encrypts the results, where that is with a key of your own.
resource "azurerm_user_assigned_identity" "storage" {
  name                = "${var.name}-storage"
  resource_group_name = azurerm_resource_group.posture.name
  location            = var.location
  tags                = var.tags
}

resource "azurerm_role_assignment" "key" {
  count = var.key_vault_key == "" ? 0 : 1

  scope                = var.key_vault_id
  role_definition_name = "Key Vault Crypto Service Encryption User"
  principal_id         = azurerm_user_assigned_identity.storage.principal_id
}

data "azurerm_management_group" "scanned" {
  name = var.management_group
}

locals {
  role  = jsondecode(file("${path.module}/scan-role.json"))
  blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
  kept  = ["alerts", "chain", "outbox", "runs", "sent", "state", "threads", "weekly"]
}

resource "azurerm_role_definition" "scan" {
  name        = "${local.role.Name} (${var.name}${var.suffix})"
  description = local.role.Description
  scope       = data.azurerm_management_group.scanned.id

  permissions {
    actions = local.role.Actions
  }

  assignable_scopes = [data.azurerm_management_group.scanned.id]
}

resource "azurerm_role_assignment" "scan" {
  scope              = data.azurerm_management_group.scanned.id
  role_definition_id = azurerm_role_definition.scan.role_definition_resource_id
  principal_id       = azurerm_user_assigned_identity.scan.principal_id
}

resource "azurerm_role_assignment" "results" {
  scope                = azurerm_storage_container.results.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = azurerm_user_assigned_identity.scan.principal_id
  condition_version    = "2.0"
  condition            = <<-EOT
    (
      (
        !(ActionMatches{'${local.blobs}/write'})
        AND !(ActionMatches{'${local.blobs}/add/action'})
        AND !(ActionMatches{'${local.blobs}/delete'})
        AND !(ActionMatches{'${local.blobs}/deleteBlobVersion/action'})
      )
      OR
      (
        !(ActionMatches{'${local.blobs}/deleteBlobVersion/action'})
        AND
        (
          ${join("\n          OR ", [for folder in local.kept : "@Resource[${local.blobs}:path] StringLike '${folder}/*'"])}
        )
      )
    )
  EOT
}

# Signs the link to the week's page in Slack: what it may read itself, for seven days at
# most. The key for that is given out by the account, not by the container.
resource "azurerm_role_assignment" "links" {
  scope                = azurerm_storage_account.results.id
  role_definition_name = "Storage Blob Delegator"
  principal_id         = azurerm_user_assigned_identity.scan.principal_id
}

# What the Functions host does in its own account.
resource "azurerm_role_assignment" "host" {
  for_each = toset(["Storage Blob Data Owner", "Storage Queue Data Contributor", "Storage Table Data Contributor"])

  scope                = azurerm_storage_account.host.id
  role_definition_name = each.value
  principal_id         = azurerm_user_assigned_identity.scan.principal_id
}

# Permissions of Microsoft Graph, where Entra ID is read.
data "azuread_service_principal" "graph" {
  count = var.directory ? 1 : 0

  client_id = "00000003-0000-0000-c000-000000000000"
}

resource "azuread_app_role_assignment" "graph" {
  for_each = toset(var.directory ? try(local.role.GraphPermissions, []) : [])

  app_role_id         = data.azuread_service_principal.graph[0].app_role_ids[each.value]
  principal_object_id = azurerm_user_assigned_identity.scan.principal_id
  resource_object_id  = data.azuread_service_principal.graph[0].object_id
}
