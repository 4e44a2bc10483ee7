metadata description = 'The Durable Task Scheduler, which holds every orchestration, with one task hub.'

import { Size } from '../sizes.bicep'

@description('The name of the scheduler.')
param name string

@description('The name of the task hub: hubName in host.json.')
param taskHubName string

@description('The region.')
param location string

@description('The tags.')
param tags object

@description('How it is billed and bounded, and how long it keeps what has ended.')
param size Size

@description('Whether it is reached by private endpoints only.')
param private bool

@description('The name of the function app\'s identity.')
param identityName string

@description('The object id of who may use the scheduler\'s dashboard; empty for nobody.')
param operatorPrincipalId string

@description('What the operator is.')
param operatorPrincipalType 'User' | 'Group' | 'ServicePrincipal'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource scheduler 'Microsoft.DurableTask/schedulers@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: size.schedulerSku == 'Dedicated'
      ? { name: size.schedulerSku, capacity: size.schedulerCapacity }
      : { name: size.schedulerSku }
    ipAllowlist: private ? [] : ['0.0.0.0/0']
    publicNetworkAccess: private ? 'Disabled' : 'Enabled'
  }

  resource taskHub 'taskHubs' = {
    name: taskHubName
  }

  resource retention 'retentionPolicies' = {
    name: 'default'
    properties: {
      retentionPolicies: [
        { orchestrationState: 'Completed', retentionPeriodInDays: size.completedDays }
        { orchestrationState: 'Failed', retentionPeriodInDays: size.failedDays }
        { orchestrationState: 'Terminated', retentionPeriodInDays: size.failedDays }
        { orchestrationState: 'Canceled', retentionPeriodInDays: size.failedDays }
      ]
    }
  }
}

@description('Durable Task Data Contributor: may run, start and manage orchestrations.')
resource dataContributor 'Microsoft.Authorization/roleDefinitions@2022-04-01' existing = {
  scope: subscription()
  name: '0ad04412-c4d5-4796-b79c-f76d14c8d402'
}

resource app 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(scheduler::taskHub.id, identityName, dataContributor.id)
  scope: scheduler::taskHub
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: dataContributor.id
  }
}

resource operator 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorPrincipalId)) {
  name: guid(scheduler::taskHub.id, operatorPrincipalId, dataContributor.id)
  scope: scheduler::taskHub
  properties: {
    principalId: operatorPrincipalId
    principalType: operatorPrincipalType
    roleDefinitionId: dataContributor.id
  }
}

@description('The scheduler, for private endpoints.')
output id string = scheduler.id

@description('Where the scheduler listens.')
output endpoint string = scheduler.properties.endpoint
