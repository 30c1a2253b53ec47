# A consumption plan: it costs by the second, and ends an invocation after ten
# minutes. A run that is not done by then goes on in the next one.
resource "azurerm_service_plan" "posture" {
  # checkov:skip=CKV_AZURE_211: a consumption plan is what this is for
  # checkov:skip=CKV_AZURE_212: the same
  # checkov:skip=CKV_AZURE_225: the same
  name                = var.name
  resource_group_name = azurerm_resource_group.posture.name
  location            = var.location
  tags                = var.tags
  os_type             = "Linux"
  sku_name            = "Y1"
}

resource "azurerm_linux_function_app" "posture" {
  # checkov:skip=CKV_AZURE_221: no function has an HTTP trigger, and basic authentication is off
  # checkov:skip=CKV_AZURE_97: the same
  # checkov:skip=CKV_AZURE_56: the same
  name                            = "${var.name}-${var.suffix}"
  resource_group_name             = azurerm_resource_group.posture.name
  location                        = var.location
  tags                            = var.tags
  service_plan_id                 = azurerm_service_plan.posture.id
  https_only                      = true
  key_vault_reference_identity_id = azurerm_user_assigned_identity.scan.id

  storage_account_name          = azurerm_storage_account.host.name
  storage_uses_managed_identity = true

  ftp_publish_basic_authentication_enabled       = false
  webdeploy_publish_basic_authentication_enabled = false

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.scan.id]
  }

  site_config {
    minimum_tls_version                    = "1.2"
    ftps_state                             = "Disabled"
    http2_enabled                          = true
    application_insights_connection_string = azurerm_application_insights.posture.connection_string

    application_stack {
      use_custom_runtime = true
    }
  }

  app_settings = {
    # The host knows its account by the identity, and the program by its address.
    AzureWebJobsStorage__credential              = "managedidentity"
    AzureWebJobsStorage__clientId                = azurerm_user_assigned_identity.scan.client_id
    AzureWebJobsStorage__blobServiceUri          = azurerm_storage_account.host.primary_blob_endpoint
    AzureWebJobsStorage__queueServiceUri         = azurerm_storage_account.host.primary_queue_endpoint
    AzureWebJobsStorage__tableServiceUri         = azurerm_storage_account.host.primary_table_endpoint
    WEBSITE_RUN_FROM_PACKAGE                     = azurerm_storage_blob.package.url
    WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID = azurerm_user_assigned_identity.scan.id
    AZURE_CLIENT_ID                              = azurerm_user_assigned_identity.scan.client_id
    POSTURE_STORE                                = local.store
    POSTURE_AZURE_CLOUD                          = var.cloud
    POSTURE_AZURE_DIRECTORY                      = var.directory ? "true" : "false"
    POSTURE_AZURE_SCOPE                          = "managementGroups/${var.management_group}"
    POSTURE_SCHEDULE                             = var.schedule
    POSTURE_SLACK_SECRET                         = var.slack ? "${azurerm_key_vault.posture[0].vault_uri}secrets/slack" : ""
    POSTURE_TIME                                 = "8m"
  }

  depends_on = [azurerm_role_assignment.host, azurerm_role_assignment.results, azurerm_role_assignment.scan]
}

locals {
  store = "azblob://${azurerm_storage_account.results.name}/${azurerm_storage_container.results.name}"
}
