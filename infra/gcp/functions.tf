resource "google_artifact_registry_repository" "functions" {
  # checkov:skip=CKV_GCP_84: it holds builds of published source code, and no data
  project       = var.project
  location      = var.region
  repository_id = var.name
  format        = "DOCKER"
  labels        = var.labels

  depends_on = [google_project_service.used]
}

locals {
  # One function for each schedule. Cloud Scheduler waits half an hour for an
  # answer, no longer: run ends well before that, and is then called again for
  # the same slot, with which it goes on where it ended.
  functions = merge({
    run      = { step = "run", memory = var.memory, cpu = "2", timeout = 1740, time = "25m" }
    watchdog = { step = "watchdog", memory = "512Mi", cpu = "1", timeout = 300, time = "4m" }
    weekly   = { step = "weekly", memory = "2Gi", cpu = "1", timeout = 1740, time = "25m" }
    }, local.reads_azure ? {
    run-azure = { step = "run", memory = var.memory, cpu = "2", timeout = 1740, time = "25m" }
  } : {})

  reads_azure = var.azure_scope != ""

  # What a function that reads Azure knows beside the others.
  azure = {
    POSTURE_CLOUD           = "azure"
    POSTURE_AZURE_SCOPE     = var.azure_scope
    POSTURE_AZURE_CLOUD     = var.azure_cloud
    POSTURE_AZURE_DIRECTORY = var.azure_directory ? "true" : ""
    POSTURE_AZURE_SECRET    = var.azure_secret == "" ? "" : "projects/${var.project}/secrets/${var.azure_secret}"
    AZURE_TENANT_ID         = var.azure_tenant_id
    AZURE_CLIENT_ID         = var.azure_client_id
  }
}

resource "google_cloudfunctions2_function" "posture" {
  for_each = local.functions

  project     = var.project
  location    = var.region
  name        = "${var.name}-${each.key}"
  description = "posture: ${each.key}"
  labels      = var.labels

  build_config {
    runtime           = var.runtime
    entry_point       = each.value.step
    service_account   = google_service_account.build.id
    docker_repository = google_artifact_registry_repository.functions.id

    environment_variables = {
      # Without these the binary links what it does not use, and is half as
      # large again.
      GOFLAGS = "-tags=disable_grpc_modules,grpcnotrace"
    }

    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.source.name
      }
    }
  }

  service_config {
    service_account_email            = local.accounts[each.key].email
    available_memory                 = each.value.memory
    available_cpu                    = each.value.cpu
    timeout_seconds                  = each.value.timeout
    max_instance_count               = 1 # a retry while the first try still works is sent away, and comes again
    max_instance_request_concurrency = 1
    ingress_settings                 = "ALLOW_INTERNAL_ONLY" # Cloud Scheduler of this project is internal
    all_traffic_on_latest_revision   = true

    environment_variables = merge({
      POSTURE_STORE        = "gs://${google_storage_bucket.results.name}"
      POSTURE_GCP_SCOPE    = local.scope
      POSTURE_SLACK_SECRET = var.slack && each.key != "weekly" ? google_secret_manager_secret.slack[0].id : "" # weekly tells nobody
      POSTURE_TIME         = each.value.time
      POSTURE_SCOPES       = local.reads_azure ? "gcp azure" : "gcp"
    }, each.key == "run-azure" ? local.azure : {})
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.build,
    google_project_iam_member.build_logs,
    google_project_iam_member.build_source,
    google_project_service.used,
    google_secret_manager_secret_iam_member.signs_in,
  ]
}
