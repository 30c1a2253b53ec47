# The results: configuration, runs, what people were told, what waits to be
# told.
#
# Why this bucket has no retention policy: one would hold for every object, and
# state/ and outbox/ are replaced and deleted all the time, so that not even
# the first run could be published. What protects the evidence here: versions,
# soft delete, which also whoever may delete objects cannot get around, and the
# chain of digests that posture verify checks. What must be beyond everybody's
# reach goes to the archive below.
resource "google_storage_bucket" "results" {
  # checkov:skip=CKV_GCP_62: Cloud Audit Logs record access, when data access logs of Cloud Storage are on; usage logs would need a bucket without uniform access
  project                     = var.project
  name                        = "${var.project}-${var.name}"
  location                    = var.region
  labels                      = var.labels
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }

  soft_delete_policy {
    retention_duration_seconds = var.soft_delete_days * 24 * 60 * 60
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = 30
      with_state                 = "ARCHIVED"
    }
  }

  dynamic "encryption" {
    for_each = var.kms_key == "" ? [] : [var.kms_key]
    content {
      default_kms_key_name = encryption.value
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_kms_crypto_key_iam_member.storage, google_project_service.used]
}

data "google_storage_project_service_account" "own" {
  project = var.project
}

resource "google_kms_crypto_key_iam_member" "storage" {
  count = var.kms_key == "" ? 0 : 1

  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = data.google_storage_project_service_account.own.member
}

# What make gcp-source has written, to build from.
resource "google_storage_bucket" "source" {
  # checkov:skip=CKV_GCP_62: it holds the published source code and nothing else
  project                     = var.project
  name                        = "${var.project}-${var.name}-source"
  location                    = var.region
  labels                      = var.labels
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true

  versioning {
    enabled = true
  }

  depends_on = [google_project_service.used]
}

resource "google_storage_bucket_object" "source" {
  bucket = google_storage_bucket.source.name
  name   = "posture-${filesha256(var.source_archive)}.zip"
  source = var.source_archive
}
