metadata description = 'The storage of the Functions host and of the deployed package. It has no keys: only identities are let in.'

import { Size } from '../sizes.bicep'

@description('The name of the storage account.')
param name string

@description('The region.')
param location string

@description('The tags.')
param tags object

@description('How it is replicated.')
param size Size

@description('Whether it is reached by private endpoints only.')
param private bool

@description('The name of the function app\'s identity.')
param identityName string

@description('The workspace for diagnostics.')
param workspaceId string

var packages = 'packages'

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
      deleteRetentionPolicy: {
        enabled: true
        days: 7
      }
    }

    resource container 'containers' = {
      name: packages
      properties: { publicAccess: 'None' }
    }
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

@description('Storage Blob Data Owner: the Functions host keeps leases, keys and the package in blobs.')
resource blobDataOwner 'Microsoft.Authorization/roleDefinitions@2022-04-01' existing = {
  scope: subscription()
  name: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
}

@description('Storage Table Data Contributor: the Functions host writes its diagnostic events to a table.')
resource tableDataContributor 'Microsoft.Authorization/roleDefinitions@2022-04-01' existing = {
  scope: subscription()
  name: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}

resource blobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, identityName, blobDataOwner.id)
  scope: account
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: blobDataOwner.id
  }
}

resource tables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, identityName, tableDataContributor.id)
  scope: account
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: tableDataContributor.id
  }
}

@description('The storage account, for private endpoints.')
output id string = account.id

@description('Where packages are deployed to.')
output packages string = '${account.properties.primaryEndpoints.blob}${packages}'
