resource "azurerm_resource_group" "posture" {
  name     = var.name
  location = var.location
  tags     = var.tags
}

# The results: configuration, runs, what people were told, what waits to be told.
# state/ and outbox/ are replaced and deleted all the time, so the rule about
# immutable objects is one of versions: a version that was replaced or deleted
# stays as long as it says. What protects the evidence beside it: versions, soft
# delete, and the chain of digests that posture verify checks.
resource "azurerm_storage_account" "results" {
  # checkov:skip=CKV_AZURE_33: there are no queues in it
  # checkov:skip=CKV_AZURE_206: one region's copies do; ZRS survives the loss of a zone
  # checkov:skip=CKV2_AZURE_1: a key of your own is var.key_vault_key
  # checkov:skip=CKV2_AZURE_33: a consumption plan reaches no private endpoint; what keeps others out is that only identities are let in
  # checkov:skip=CKV_AZURE_59: the same; anonymous access and keys are off
  # checkov:skip=CKV2_AZURE_21: reads are logged by the diagnostic setting below
  name                            = "${var.name}${var.suffix}"
  resource_group_name             = azurerm_resource_group.posture.name
  location                        = var.location
  tags                            = var.tags
  account_tier                    = "Standard"
  account_replication_type        = "ZRS"
  account_kind                    = "StorageV2"
  min_tls_version                 = "TLS1_2"
  https_traffic_only_enabled      = true
  allow_nested_items_to_be_public = false
  shared_access_key_enabled       = false
  default_to_oauth_authentication = true
  local_user_enabled              = false

  blob_properties {
    versioning_enabled = true

    delete_retention_policy {
      days = var.soft_delete_days
    }

    container_delete_retention_policy {
      days = var.soft_delete_days
    }
  }

  dynamic "immutability_policy" {
    for_each = var.immutable_days > 0 ? [var.immutable_days] : []
    content {
      allow_protected_append_writes = false
      period_since_creation_in_days = immutability_policy.value
      state                         = var.immutable_locked ? "Locked" : "Unlocked"
    }
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.storage.id]
  }

  dynamic "customer_managed_key" {
    for_each = var.key_vault_key == "" ? [] : [var.key_vault_key]
    content {
      key_vault_key_id          = customer_managed_key.value
      user_assigned_identity_id = azurerm_user_assigned_identity.storage.id
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [azurerm_role_assignment.key]
}

resource "azurerm_storage_container" "results" {
  # checkov:skip=CKV2_AZURE_21: reads are logged by the diagnostic setting below
  name                  = "results"
  storage_account_id    = azurerm_storage_account.results.id
  container_access_type = "private"
}

# Versions that nothing points to any more are deleted, where no rule holds them.
resource "azurerm_storage_management_policy" "results" {
  storage_account_id = azurerm_storage_account.results.id

  rule {
    name    = "old-versions"
    enabled = true

    filters {
      blob_types = ["blockBlob"]
    }

    actions {
      version {
        delete_after_days_since_creation = max(90, var.immutable_days)
      }
    }
  }
}

resource "azurerm_monitor_diagnostic_setting" "results" {
  name                       = "reads-and-writes"
  target_resource_id         = "${azurerm_storage_account.results.id}/blobServices/default"
  log_analytics_workspace_id = azurerm_log_analytics_workspace.posture.id

  enabled_log {
    category = "StorageRead"
  }

  enabled_log {
    category = "StorageWrite"
  }

  enabled_log {
    category = "StorageDelete"
  }
}

# What the Functions host needs: its leases, the queue of runs, the program.
resource "azurerm_storage_account" "host" {
  # checkov:skip=CKV_AZURE_33: the queue holds times of runs, and nothing else
  # checkov:skip=CKV_AZURE_206: it holds nothing that is not made again
  # checkov:skip=CKV2_AZURE_1: it holds no data of yours
  # checkov:skip=CKV2_AZURE_33: a consumption plan reaches no private endpoint; what keeps others out is that only identities are let in
  # checkov:skip=CKV_AZURE_59: the same; anonymous access and keys are off
  name                            = "${var.name}${var.suffix}fn"
  resource_group_name             = azurerm_resource_group.posture.name
  location                        = var.location
  tags                            = var.tags
  account_tier                    = "Standard"
  account_replication_type        = "LRS"
  account_kind                    = "StorageV2"
  min_tls_version                 = "TLS1_2"
  https_traffic_only_enabled      = true
  allow_nested_items_to_be_public = false
  shared_access_key_enabled       = false
  default_to_oauth_authentication = true
  local_user_enabled              = false

  blob_properties {
    delete_retention_policy {
      days = 7
    }
  }
}

resource "azurerm_storage_container" "package" {
  # checkov:skip=CKV2_AZURE_21: it holds the published program and nothing else
  name                  = "package"
  storage_account_id    = azurerm_storage_account.host.id
  container_access_type = "private"
}

resource "azurerm_storage_blob" "package" {
  name                   = "posture-${filesha256(var.package)}.zip"
  storage_account_name   = azurerm_storage_account.host.name
  storage_container_name = azurerm_storage_container.package.name
  type                   = "Block"
  source                 = var.package
  content_type           = "application/zip"
}
