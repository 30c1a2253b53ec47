# The secret is made empty. Its value is put in with gcloud, by a person, so
# that it is never in the state of Terraform.
resource "google_secret_manager_secret" "slack" {
  count = var.slack ? 1 : 0

  project   = var.project
  secret_id = "${var.name}-slack"
  labels    = var.labels

  replication {
    user_managed {
      replicas {
        location = var.region

        dynamic "customer_managed_encryption" {
          for_each = var.kms_key == "" ? [] : [var.kms_key]
          content {
            kms_key_name = customer_managed_encryption.value
          }
        }
      }
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.secrets, google_project_service.used]
}

resource "google_secret_manager_secret_iam_member" "tells" {
  for_each = { for name, account in local.accounts : name => account if var.slack && name != "weekly" }

  project   = var.project
  secret_id = google_secret_manager_secret.slack[0].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = each.value.member
}

# Who reads Azure reads the application's secret, and nobody else does.
resource "google_secret_manager_secret_iam_member" "signs_in" {
  count = local.reads_azure && var.azure_secret != "" ? 1 : 0

  project   = var.project
  secret_id = var.azure_secret
  role      = "roles/secretmanager.secretAccessor"
  member    = local.accounts["run-azure"].member
}

resource "google_kms_crypto_key_iam_member" "secrets" {
  count = var.slack && var.kms_key != "" ? 1 : 0

  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:service-${data.google_project.own.number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
}
