output "store" {
  description = "Where the results are. The configuration belongs at config/posture.yaml in it."
  value       = "gs://${google_storage_bucket.results.name}"
}

output "scope" {
  description = "What is scanned when no configuration names something else."
  value       = local.scope
}

output "scan_service_account" {
  description = "Who reads. Grant it the role in what else is to be scanned."
  value       = google_service_account.scan.email
}

output "azure_subject" {
  description = "The subject that the application's federated credential names, with the issuer https://accounts.google.com."
  value       = local.reads_azure ? google_service_account.scan_azure[0].unique_id : ""
}

output "slack_secret" {
  description = "The secret to put the Slack bot token or the webhook's URL into."
  value       = var.slack ? google_secret_manager_secret.slack[0].id : ""
}

output "try" {
  description = "The command that starts a run now."
  value       = "gcloud scheduler jobs run ${google_cloud_scheduler_job.posture["run"].name} --project ${var.project} --location ${var.region}"
}
