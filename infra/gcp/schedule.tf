locals {
  schedules = merge({
    # Six tries over at least 25 minutes when they fail at once, and over more
    # than two hours when each uses up its time: more than the function's
    # patience, so that one of them publishes what is there. The watchdog also
    # sends what waits: an alert whose sender died comes minutes later.
    run      = { cron = var.schedule, deadline = "1800s", retries = 5, backoff = "60s" }
    watchdog = { cron = "*/5 * * * *", deadline = "330s", retries = 0, backoff = "30s" }
    # Mondays, when the runs of the week before are done: its page is kept.
    weekly = { cron = "0 12 * * 1", deadline = "1800s", retries = 5, backoff = "300s" }
    }, local.reads_azure ? {
    run-azure = { cron = var.schedule, deadline = "1800s", retries = 5, backoff = "60s" }
  } : {})
}

resource "google_cloud_scheduler_job" "posture" {
  for_each = local.schedules

  project          = var.project
  region           = var.region
  name             = "${var.name}-${each.key}"
  description      = "posture: ${each.key}. The scheduled time is the run's slot, so that a second delivery does nothing."
  schedule         = each.value.cron
  time_zone        = "Etc/UTC"
  attempt_deadline = each.value.deadline

  retry_config {
    retry_count          = each.value.retries
    min_backoff_duration = each.value.backoff
    max_backoff_duration = "600s"
    max_doublings        = 5
  }

  http_target {
    http_method = "POST"
    uri         = google_cloudfunctions2_function.posture[each.key].service_config[0].uri

    oidc_token {
      service_account_email = google_service_account.schedule.email
      audience              = google_cloudfunctions2_function.posture[each.key].service_config[0].uri
    }
  }

  depends_on = [google_cloud_run_v2_service_iam_member.schedule]
}
