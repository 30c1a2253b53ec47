# Who watches the watchman. An alert on absence looks back at most 23.5 hours,
# which is too short for runs once a day. So the watchdog looks every five minutes
# whether a run completed within two periods and logs what it saw; the alert is
# about that, and about the watchdog itself when nothing is heard of it.
locals {
  logged = "resource.type=\"cloud_run_revision\" AND resource.labels.location=\"${var.region}\" AND resource.labels.service_name=(${join(" OR ", [for f in google_cloudfunctions2_function.posture : "\"${f.name}\""])})"

  metrics = {
    alive  = { filter = "jsonPayload.step=\"watchdog\" AND jsonPayload.metrics.RunsMissed>=0", about = "The watchdog looked." }
    missed = { filter = "jsonPayload.metrics.RunsMissed>0", about = "No run completed within two periods." }
    # A run that goes on in the next call answers 503: that request is no failure.
    failed = { filter = "severity>=ERROR AND NOT httpRequest.status=503", about = "A step failed." }
    held   = { filter = "jsonPayload.metrics.AlertsHeld>0", about = "An alert cannot be sent until a person fixes something." }
    # The watchdog logs it at each look, twelve times an hour.
    waiting = { filter = "jsonPayload.step=\"watchdog\" AND jsonPayload.metrics.AlertsWaiting>0", about = "An alert waits for Slack." }
    low     = { filter = "jsonPayload.metrics.Coverage<${var.coverage_floor}", about = "A run read less than it should." }
  }
}

resource "google_logging_metric" "posture" {
  for_each = local.metrics

  project     = var.project
  name        = "${var.name}/${each.key}"
  description = each.value.about
  filter      = "${local.logged} AND ${each.value.filter}"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
  }
}

# Cloud Monitoring knows a metric some minutes after it was made, and refuses an
# alert on one that it does not know yet.
resource "time_sleep" "metrics" {
  create_duration = "3m"
  triggers        = { for key, metric in google_logging_metric.posture : key => metric.id }
}

resource "google_monitoring_notification_channel" "email" {
  count = var.alarm_email == "" ? 0 : 1

  project      = var.project
  display_name = "posture alarms"
  type         = "email"
  labels       = { email_address = var.alarm_email }

  depends_on = [google_project_service.used]
}

resource "google_monitoring_alert_policy" "no_run" {
  project               = var.project
  display_name          = "posture: scans have stopped"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = google_monitoring_notification_channel.email[*].id
  user_labels           = var.labels

  conditions {
    display_name = "no run completed within two periods"
    condition_threshold {
      filter          = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.posture["missed"].name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period     = "3600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  conditions {
    display_name = "nothing was heard of the watchdog for three hours"
    condition_absent {
      filter   = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.posture["alive"].name}\""
      duration = "10800s"
      aggregations {
        alignment_period     = "3600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Look at the last calls of the jobs ${var.name}-run and ${var.name}-watchdog in Cloud Scheduler, then at the logs of the functions of these names. Slack may say nothing: this mail is the way that does not depend on it."
  }

  depends_on = [time_sleep.metrics]
}

resource "google_monitoring_alert_policy" "trouble" {
  project               = var.project
  display_name          = "posture: something needs a person"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = google_monitoring_notification_channel.email[*].id
  user_labels           = var.labels

  dynamic "conditions" {
    for_each = {
      failed  = { name = "a step failed", threshold = 0 }
      held    = { name = "alerts are held", threshold = 0 }
      waiting = { name = "an alert has waited for an hour", threshold = 11 }
      low     = { name = "a run read too little", threshold = 0 }
    }
    content {
      display_name = conditions.value.name
      condition_threshold {
        filter          = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.posture[conditions.key].name}\""
        comparison      = "COMPARISON_GT"
        threshold_value = conditions.value.threshold
        duration        = "0s"
        aggregations {
          alignment_period     = "3600s"
          per_series_aligner   = "ALIGN_DELTA"
          cross_series_reducer = "REDUCE_SUM"
        }
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Filter the logs of ${var.name}-run, ${var.name}-watchdog and ${var.name}-weekly by severity>=ERROR, or by jsonPayload.metrics.AlertsHeld>0. A page that ${var.name}-weekly could not keep is made by gcloud scheduler jobs run ${var.name}-weekly."
  }

  depends_on = [time_sleep.metrics]
}
