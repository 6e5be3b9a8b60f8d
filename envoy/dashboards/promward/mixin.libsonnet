// The dashboard and the alerts for those who use mixins.
{
  grafanaDashboards+:: { 'promward.json': import 'dashboard.json' },
  prometheusAlerts+:: std.parseYaml(importstr 'alerts.yml'),
}
