# Identities, each with one job: scan reads the cloud, watchdog and weekly read
# only what is stored, schedule may only call the functions, build may only
# build them. None has a key.
resource "google_service_account" "scan" {
  project      = var.project
  account_id   = "${var.name}-scan"
  display_name = "posture: reads settings, keeps findings"
}

# It reads nothing of Google Cloud: it is the identity that Entra ID knows.
resource "google_service_account" "scan_azure" {
  count = local.reads_azure ? 1 : 0

  project      = var.project
  account_id   = "${var.name}-scan-azure"
  display_name = "posture: reads settings of Azure, keeps findings"
}

resource "google_service_account" "watchdog" {
  project      = var.project
  account_id   = "${var.name}-watchdog"
  display_name = "posture: looks whether runs complete"
}

resource "google_service_account" "weekly" {
  project      = var.project
  account_id   = "${var.name}-weekly"
  display_name = "posture: keeps the page of a week"
}

resource "google_service_account" "schedule" {
  project      = var.project
  account_id   = "${var.name}-schedule"
  display_name = "posture: calls the functions on time"
}

resource "google_service_account" "build" {
  project      = var.project
  account_id   = "${var.name}-build"
  display_name = "posture: builds the functions"
}

locals {
  # Which function runs as whom.
  accounts = merge({
    run      = google_service_account.scan
    watchdog = google_service_account.watchdog
    weekly   = google_service_account.weekly
    }, local.reads_azure ? {
    run-azure = google_service_account.scan_azure[0]
  } : {})

  # What each function writes: once, which it can then neither replace nor delete,
  # or replaces and deletes. It reads the whole bucket, and can change neither the
  # configuration that it goes by nor what another one keeps.
  creates = {
    run      = ["alerts", "chain", "runs", "sent", "threads"]
    watchdog = ["alerts", "sent", "threads"]
    weekly   = ["weekly"]
  }
  replaces = {
    run      = ["outbox", "state"]
    watchdog = ["outbox", "state"]
  }

  # Written from the code: scan-role.yaml holds the permission of every call
  # that the scanners make, and no other. All of them only read.
  scan_role = yamldecode(file("${path.module}/scan-role.yaml"))

  in_organization = var.organization != ""
  scope = (
    var.folder != "" ? "folders/${var.folder}" :
    local.in_organization ? "organizations/${var.organization}" :
    "projects/${var.scanned_project}"
  )
}

# A custom role is the organization's or a project's; there is none of a folder.
resource "google_organization_iam_custom_role" "scan" {
  count = local.in_organization ? 1 : 0

  org_id      = var.organization
  role_id     = replace("${var.name}Scan", "-", "_")
  title       = local.scan_role.title
  description = local.scan_role.description
  stage       = local.scan_role.stage
  permissions = local.scan_role.includedPermissions
}

resource "google_project_iam_custom_role" "scan" {
  count = local.in_organization ? 0 : 1

  project     = var.scanned_project
  role_id     = replace("${var.name}Scan", "-", "_")
  title       = local.scan_role.title
  description = local.scan_role.description
  stage       = local.scan_role.stage
  permissions = [for p in local.scan_role.includedPermissions : p if !can(regex("^(resourcemanager[.]folders|resourcemanager[.]organizations|compute[.]organizations)[.]", p))]

  lifecycle {
    precondition {
      condition     = var.scanned_project != "" && var.folder == ""
      error_message = "Set organization, or organization and folder, or scanned_project."
    }
  }
}

resource "google_organization_iam_member" "scan" {
  count = local.in_organization && var.folder == "" ? 1 : 0

  org_id = var.organization
  role   = google_organization_iam_custom_role.scan[0].name
  member = google_service_account.scan.member
}

resource "google_folder_iam_member" "scan" {
  count = local.in_organization && var.folder != "" ? 1 : 0

  folder = "folders/${var.folder}"
  role   = google_organization_iam_custom_role.scan[0].name
  member = google_service_account.scan.member
}

resource "google_project_iam_member" "scan" {
  count = local.in_organization ? 0 : 1

  project = var.scanned_project
  role    = google_project_iam_custom_role.scan[0].name
  member  = google_service_account.scan.member
}

# Calls of Cloud Asset Inventory count against this project's quota.
resource "google_project_iam_member" "quota" {
  project = var.project
  role    = "roles/serviceusage.serviceUsageConsumer"
  member  = google_service_account.scan.member
}

# Objects, in our own bucket only.
resource "google_storage_bucket_iam_member" "reads" {
  for_each = local.accounts

  bucket = google_storage_bucket.results.name
  role   = "roles/storage.objectViewer"
  member = each.value.member
}

resource "google_storage_bucket_iam_member" "creates" {
  for_each = merge(local.creates, local.reads_azure ? { run-azure = local.creates.run } : {})

  bucket = google_storage_bucket.results.name
  role   = "roles/storage.objectCreator"
  member = local.accounts[each.key].member

  condition {
    title      = "what ${each.key} writes once"
    expression = join(" || ", [for prefix in each.value : "resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.results.name}/objects/${prefix}/\")"])
  }
}

resource "google_storage_bucket_iam_member" "replaces" {
  for_each = merge(local.replaces, local.reads_azure ? { run-azure = local.replaces.run } : {})

  bucket = google_storage_bucket.results.name
  role   = "roles/storage.objectUser"
  member = local.accounts[each.key].member

  condition {
    title      = "what ${each.key} replaces"
    expression = join(" || ", [for prefix in each.value : "resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.results.name}/objects/${prefix}/\")"])
  }
}

resource "google_project_iam_member" "build_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.build.member
}

# Cloud Functions copies the source into a bucket of its own before it builds.
resource "google_project_iam_member" "build_source" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = google_service_account.build.member

  condition {
    title      = "function sources only"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-\") || resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.source.name}\")"
  }
}

resource "google_artifact_registry_repository_iam_member" "build" {
  project    = var.project
  location   = var.region
  repository = google_artifact_registry_repository.functions.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

resource "google_cloud_run_v2_service_iam_member" "schedule" {
  for_each = google_cloudfunctions2_function.posture

  project  = var.project
  location = var.region
  name     = each.value.service_config[0].service
  role     = "roles/run.invoker"
  member   = google_service_account.schedule.member
}
