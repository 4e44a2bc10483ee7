metadata description = 'What instances share: workspaces that one stage makes for the next, what is known of findings, and the logs of stages. Its own account, so that a flood of output slows nothing of the Functions host. It has no keys.'

import { Size } from '../sizes.bicep'

@description('The name of the storage account.')
param name string

@description('The region.')
param location string

@description('The tags.')
param tags object

@description('How it is replicated, and how long content is kept.')
param size Size

@description('Whether it is reached by private endpoints only.')
param private bool

@description('The name of the function app\'s identity.')
param identityName string

@description('The workspace for diagnostics.')
param workspaceId string

var artifacts = 'artifacts'
var findings = 'findings'
var logs = 'logs'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource account 'Microsoft.Storage/storageAccounts@2026-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: size.storageSku }
  properties: {
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: private ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: private ? 'Deny' : 'Allow'
      bypass: 'None'
    }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      // What a run removes is meant to be gone. Findings are replaced, never removed.
      deleteRetentionPolicy: { enabled: false }
    }

    resource artifactsContainer 'containers' = {
      name: artifacts
      properties: { publicAccess: 'None' }
    }

    resource findingsContainer 'containers' = {
      name: findings
      properties: { publicAccess: 'None' }
    }

    resource logsContainer 'containers' = {
      name: logs
      properties: { publicAccess: 'None' }
    }
  }

  resource lifecycle 'managementPolicies' = {
    name: 'default'
    properties: {
      policy: {
        rules: [
          for each in [
            { container: artifacts, days: size.completedDays }
            { container: logs, days: size.failedDays }
          ]: {
            name: 'old-${each.container}'
            type: 'Lifecycle'
            definition: {
              filters: { blobTypes: ['blockBlob'], prefixMatch: ['${each.container}/'] }
              actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: each.days } } }
            }
          }
        ]
      }
    }
    dependsOn: [blobs]
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: account::blobs
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'audit', enabled: true }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

@description('Storage Blob Data Contributor: the app reads, writes and deletes blobs of these containers.')
resource blobDataContributor 'Microsoft.Authorization/roleDefinitions@2022-04-01' existing = {
  scope: subscription()
  name: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
}

resource artifactsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::blobs::artifactsContainer.id, identityName, blobDataContributor.id)
  scope: account::blobs::artifactsContainer
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: blobDataContributor.id
  }
}

resource findingsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::blobs::findingsContainer.id, identityName, blobDataContributor.id)
  scope: account::blobs::findingsContainer
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: blobDataContributor.id
  }
}

resource logsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::blobs::logsContainer.id, identityName, blobDataContributor.id)
  scope: account::blobs::logsContainer
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: blobDataContributor.id
  }
}

@description('The storage account, for private endpoints.')
output id string = account.id

@description('Where artifacts are kept.')
output artifactsContainer string = '${account.properties.primaryEndpoints.blob}${account::blobs::artifactsContainer.name}'

@description('Where what is known of findings is kept.')
output findingsContainer string = '${account.properties.primaryEndpoints.blob}${account::blobs::findingsContainer.name}'

@description('Where the logs of stages are kept.')
output logsContainer string = '${account.properties.primaryEndpoints.blob}${account::blobs::logsContainer.name}'
