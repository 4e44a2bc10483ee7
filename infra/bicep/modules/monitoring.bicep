metadata description = 'Where logs, metrics and traces go: a Log Analytics workspace, and Application Insights on it without keys.'

import { Size } from '../sizes.bicep'

@description('The name of the Log Analytics workspace.')
param workspaceName string

@description('The name of the Application Insights component.')
param componentName string

@description('The region.')
param location string

@description('The tags.')
param tags object

@description('How long and how much is kept.')
param size Size

@description('The name of the function app\'s identity.')
param identityName string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: size.logDays
    workspaceCapping: { dailyQuotaGb: size.logGigabytesADay }
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: componentName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    DisableLocalAuth: true
  }
}

@description('Monitoring Metrics Publisher: may write telemetry, and read none.')
resource metricsPublisher 'Microsoft.Authorization/roleDefinitions@2022-04-01' existing = {
  scope: subscription()
  name: '3913510d-42f4-4e42-8a64-420c390055eb'
}

resource writer 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(component.id, identityName, metricsPublisher.id)
  scope: component
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: metricsPublisher.id
  }
}

@description('The workspace, for diagnostic settings.')
output workspaceId string = workspace.id

@description('The Application Insights component, for alerts.')
output componentId string = component.id
