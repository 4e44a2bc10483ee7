metadata description = 'The file share that all instances have in common. The Functions platform mounts shares with the account\'s key and nothing else, so this account has one, and holds nothing but the share.'

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

@description('The workspace for diagnostics.')
param workspaceId string

@description('The largest size of the share, in GB.')
@minValue(1)
@maxValue(102400)
param quotaGigabytes int = 100

resource account 'Microsoft.Storage/storageAccounts@2026-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: size.storageSku }
  properties: {
    allowSharedKeyAccess: true
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

  resource files 'fileServices' = {
    name: 'default'
    properties: {
      shareDeleteRetentionPolicy: {
        enabled: true
        days: 7
      }
    }

    resource share 'shares' = {
      name: 'atomic-devops'
      properties: {
        shareQuota: quotaGigabytes
        enabledProtocols: 'SMB'
      }
    }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: account::files
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'audit', enabled: true }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

@description('The storage account, for private endpoints.')
output id string = account.id

@description('The name of the share.')
output shareName string = account::files::share.name
