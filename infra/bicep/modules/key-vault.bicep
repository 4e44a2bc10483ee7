metadata description = 'The key vault whose secrets the app settings refer to. The operator puts them in; no deployment ever sees them.'

import { Size } from '../sizes.bicep'

@description('The name of the vault.')
param name string

@description('The region.')
param location string

@description('The tags.')
param tags object

@description('Whether it is protected against being purged.')
param size Size

@description('Whether it is reached by private endpoints only.')
param private bool

@description('The name of the function app\'s identity.')
param identityName string

@description('The object id of who puts secrets in; empty for nobody.')
param operatorPrincipalId string

@description('What the operator is.')
param operatorPrincipalType 'User' | 'Group' | 'ServicePrincipal'

@description('The workspace for diagnostics.')
param workspaceId string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: size.purgeProtection ? 90 : 7
    enablePurgeProtection: size.purgeProtection ? true : null
    publicNetworkAccess: private ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: private ? 'Deny' : 'Allow'
      bypass: 'None'
    }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'audit', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Key Vault Secrets User: may read the values of secrets.')
resource secretsUser 'Microsoft.Authorization/roleDefinitions@2022-04-01' existing = {
  scope: subscription()
  name: '4633458b-17de-408a-b874-0445c86b69e6'
}

@description('Key Vault Secrets Officer: may set secrets.')
resource secretsOfficer 'Microsoft.Authorization/roleDefinitions@2022-04-01' existing = {
  scope: subscription()
  name: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
}

resource app 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, identityName, secretsUser.id)
  scope: vault
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: secretsUser.id
  }
}

resource operator 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorPrincipalId)) {
  name: guid(vault.id, operatorPrincipalId, secretsOfficer.id)
  scope: vault
  properties: {
    principalId: operatorPrincipalId
    principalType: operatorPrincipalType
    roleDefinitionId: secretsOfficer.id
  }
}

@description('The vault, for private endpoints.')
output id string = vault.id
