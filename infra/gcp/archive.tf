# The archive, when asked for: once a day the runs, the chain of manifests, what
# was told and the pages of the weeks are copied here, where nobody can change
# or delete them before their time. All are written once and never replaced, so
# that a retention policy does not stand in their way.
resource "google_storage_bucket" "archive" {
  # checkov:skip=CKV_GCP_62: Cloud Audit Logs record access, when data access logs of Cloud Storage are on
  # checkov:skip=CKV_GCP_78: Cloud Storage does not allow versions together with a retention policy that is to be locked; nothing here can be replaced
  count = var.archive_days > 0 ? 1 : 0

  project                     = var.project
  name                        = "${var.project}-${var.name}-archive"
  location                    = var.region
  labels                      = var.labels
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  retention_policy {
    retention_period = var.archive_days * 24 * 60 * 60
    is_locked        = var.archive_locked
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

resource "google_project_service" "transfer" {
  count = var.archive_days > 0 ? 1 : 0

  project            = var.project
  service            = "storagetransfer.googleapis.com"
  disable_on_destroy = false
}

data "google_storage_transfer_project_service_account" "own" {
  count = var.archive_days > 0 ? 1 : 0

  project    = var.project
  depends_on = [google_project_service.transfer]
}

resource "google_storage_bucket_iam_member" "transfer_reads" {
  for_each = toset(var.archive_days > 0 ? ["roles/storage.objectViewer", "roles/storage.legacyBucketReader"] : [])

  bucket = google_storage_bucket.results.name
  role   = each.value
  member = data.google_storage_transfer_project_service_account.own[0].member
}

resource "google_storage_bucket_iam_member" "transfer_writes" {
  count = var.archive_days > 0 ? 1 : 0

  bucket = google_storage_bucket.archive[0].name
  role   = "roles/storage.legacyBucketWriter"
  member = data.google_storage_transfer_project_service_account.own[0].member
}

resource "google_storage_transfer_job" "archive" {
  count = var.archive_days > 0 ? 1 : 0

  project     = var.project
  description = "posture: evidence to the archive"

  transfer_spec {
    object_conditions {
      include_prefixes = ["runs/", "chain/", "alerts/", "sent/", "weekly/"]
    }
    gcs_data_source {
      bucket_name = google_storage_bucket.results.name
    }
    gcs_data_sink {
      bucket_name = google_storage_bucket.archive[0].name
    }
    transfer_options {
      overwrite_when = "NEVER"
    }
  }

  schedule {
    schedule_start_date {
      year  = 2026
      month = 1
      day   = 1
    }
    start_time_of_day {
      hours   = 12
      minutes = 0
      seconds = 0
      nanos   = 0
    }
  }

  depends_on = [google_storage_bucket_iam_member.transfer_reads, google_storage_bucket_iam_member.transfer_writes]
}
