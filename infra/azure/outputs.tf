output "store" {
  description = "Where the results are. The configuration belongs at config/posture.yaml in it."
  value       = local.store
}

output "function_app" {
  description = "The function app. Its functions are tick, run, watchdog and weekly."
  value       = azurerm_linux_function_app.posture.name
}

output "scan_identity" {
  description = "Who reads. Grant it the role in what else is to be scanned."
  value       = azurerm_user_assigned_identity.scan.principal_id
}

output "slack_secret" {
  description = "The command that puts the Slack bot token or the webhook's URL into the vault."
  value       = var.slack ? "az keyvault secret set --vault-name ${azurerm_key_vault.posture[0].name} --name slack --file TOKEN-FILE" : ""
}

output "try" {
  description = "The command that starts a run now: the message that the schedule sends too."
  value       = "az storage message put --queue-name posture-runs --account-name ${azurerm_storage_account.host.name} --auth-mode login --content \"$(printf '{\"slot\":\"%s\"}' \"$(date -u +%FT%H:%M:00Z)\" | base64)\""
}
