# Who watches the watchman. The watchdog looks every five minutes whether a run
# completed within two periods and logs what it saw; the alerts are about that, and about
# the watchdog itself when nothing is heard of it.
resource "azurerm_log_analytics_workspace" "posture" {
  name                = var.name
  resource_group_name = azurerm_resource_group.posture.name
  location            = var.location
  tags                = var.tags
  sku                 = "PerGB2018"
  retention_in_days   = var.log_days
}

resource "azurerm_application_insights" "posture" {
  name                = var.name
  resource_group_name = azurerm_resource_group.posture.name
  location            = var.location
  tags                = var.tags
  application_type    = "other"
  workspace_id        = azurerm_log_analytics_workspace.posture.id
  sampling_percentage = 100
}

resource "azurerm_monitor_action_group" "mail" {
  count = var.alarm_email == "" ? 0 : 1

  name                = var.name
  resource_group_name = azurerm_resource_group.posture.name
  short_name          = substr(var.name, 0, 12)
  tags                = var.tags

  email_receiver {
    name          = "alarms"
    email_address = var.alarm_email
  }
}

locals {
  lines = "AppTraces | extend line = parse_json(extract(@'\\{.*\\}', 0, Message)) | where isnotempty(line.step)"

  alerts = {
    missed = {
      about     = "No run completed within two periods. Look at the log of run: it says why."
      severity  = 0
      query     = "${local.lines} | where toint(line.metrics.RunsMissed) > 0"
      operator  = "GreaterThan"
      threshold = 0
      window    = "PT1H"
    }
    silent = {
      about     = "Nothing was heard of the watchdog for three hours. Look whether the function app runs."
      severity  = 0
      query     = "${local.lines} | where line.step == 'watchdog'"
      operator  = "LessThan"
      threshold = 1
      window    = "PT3H"
    }
    failed = {
      about     = "A step failed. Look at its error in the log."
      severity  = 2
      query     = "${local.lines} | where line.level == 'ERROR'"
      operator  = "GreaterThan"
      threshold = 0
      window    = "PT1H"
    }
    waiting = {
      about     = "An alert has waited for Slack for an hour. The log of watchdog says why."
      severity  = 2
      query     = "${local.lines} | where line.step == 'watchdog' and toint(line.metrics.AlertsWaiting) > 0"
      operator  = "GreaterThan"
      threshold = 11
      window    = "PT1H"
    }
    low = {
      about     = "A run read less than it should. The scanner problems in Slack say what is missing."
      severity  = 2
      query     = "${local.lines} | where todouble(line.metrics.Coverage) < ${var.coverage_floor}"
      operator  = "GreaterThan"
      threshold = 0
      window    = "PT1H"
    }
    held = {
      about     = "An alert cannot be sent until a person fixes something. The log of watchdog says what."
      severity  = 2
      query     = "${local.lines} | where toint(line.metrics.AlertsHeld) > 0"
      operator  = "GreaterThan"
      threshold = 0
      window    = "PT1H"
    }
  }
}

resource "azurerm_monitor_scheduled_query_rules_alert_v2" "posture" {
  for_each = local.alerts

  name                 = "${var.name}-${each.key}"
  display_name         = "posture: ${each.key}"
  description          = each.value.about
  resource_group_name  = azurerm_resource_group.posture.name
  location             = var.location
  tags                 = var.tags
  scopes               = [azurerm_log_analytics_workspace.posture.id]
  severity             = each.value.severity
  evaluation_frequency = "PT1H"
  window_duration      = each.value.window

  criteria {
    query                   = each.value.query
    time_aggregation_method = "Count"
    operator                = each.value.operator
    threshold               = each.value.threshold
  }

  dynamic "action" {
    for_each = var.alarm_email == "" ? [] : [1]
    content {
      action_groups = azurerm_monitor_action_group.mail[*].id
    }
  }
}
