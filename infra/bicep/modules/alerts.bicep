metadata description = 'Who is told when an orchestration fails, and when the platform no longer looks at itself.'

@description('The beginning of the names of alerts.')
param namePrefix string

@description('The region.')
param location string

@description('The tags.')
param tags object

@description('The Application Insights component that is asked.')
param componentId string

@description('Who gets a mail; empty for nobody: the alerts then show in the portal only.')
param email string

@description('How long L0 may be silent.')
param silence 'PT15M' | 'PT30M' | 'PT1H' | 'PT6H' | 'P1D'

@description('The activity that L0 runs in every round: its heartbeat.')
param heartbeat string = 'Platform_ProbeAgents'

var actions = empty(email) ? [] : [mailed.id]

resource mailed 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: '${namePrefix}-operators'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'atomicdevops'
    emailReceivers: [{ name: 'operators', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource failed 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = {
  name: '${namePrefix}-orchestration-failed'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'An orchestration failed'
    description: 'An instance ended as Failed. GET /api/pipelines/{id}, or the scheduler\'s dashboard, says why; docs/operations.md what to do.'
    severity: 2
    enabled: true
    scopes: [componentId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT5M'
    autoMitigate: true
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: loadTextContent('../queries/failed-orchestrations.kql')
          timeAggregation: 'Count'
          dimensions: [{ name: 'Orchestrator', operator: 'Include', values: ['*'] }]
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    actions: { actionGroups: actions }
  }
}

resource silent 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = {
  name: '${namePrefix}-l0-silent'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'L0 is silent'
    description: 'SystemHealthOrchestration has not ended a round of probes: it stands still, or the whole app does. See docs/operations.md.'
    severity: 1
    enabled: true
    scopes: [componentId]
    evaluationFrequency: 'PT5M'
    windowSize: silence
    autoMitigate: true
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: replace(loadTextContent('../queries/l0-rounds.kql'), '{heartbeat}', heartbeat)
          timeAggregation: 'Total'
          metricMeasureColumn: 'Rounds'
          operator: 'LessThan'
          threshold: 1
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    actions: { actionGroups: actions }
  }
}
