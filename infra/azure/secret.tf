# The vault is made empty. The secret is put in with az, by a person, so that it
# is never in the state of Terraform.
data "azurerm_client_config" "own" {}

resource "azurerm_key_vault" "posture" {
  # checkov:skip=CKV_AZURE_109: a consumption plan has no addresses of its own; what keeps others out is that only identities are let in
  # checkov:skip=CKV_AZURE_189: the same
  # checkov:skip=CKV2_AZURE_32: the same
  count = var.slack ? 1 : 0

  name                       = "${var.name}-${var.suffix}"
  resource_group_name        = azurerm_resource_group.posture.name
  location                   = var.location
  tags                       = var.tags
  tenant_id                  = data.azurerm_client_config.own.tenant_id
  sku_name                   = "standard"
  rbac_authorization_enabled = true
  purge_protection_enabled   = true
  soft_delete_retention_days = 30
}

resource "azurerm_role_assignment" "slack" {
  count = var.slack ? 1 : 0

  scope                = azurerm_key_vault.posture[0].id
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.scan.principal_id
}
