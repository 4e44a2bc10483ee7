metadata description = 'The function app: a Flex Consumption plan and the app on it.'

import { Size } from '../sizes.bicep'

@description('The name of the function app.')
param name string

@description('The name of the plan.')
param planName string

@description('The region.')
param location string

@description('The tags.')
param tags object

@description('How far it scales.')
param size Size

@description('The name of the identity that it runs as.')
param identityName string

@description('Where the package of the app is.')
param packages string

@description('The subnet for what the app calls; empty without private networking.')
param subnetId string

@description('The workspace for diagnostics.')
param workspaceId string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: {
    reserved: true
    zoneRedundant: size.zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identity.id
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    outboundVnetRouting: empty(subnetId) ? null : { allTraffic: true }
    siteConfig: {
      minTlsVersion: '1.2'
      http20Enabled: true
    }
    functionAppConfig: {
      runtime: { name: 'dotnet-isolated', version: '10.0' }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packages
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: size.instanceMemoryMB
        maximumInstanceCount: size.maximumInstances
        alwaysReady: filter(
          [
            { name: 'durable', instanceCount: size.alwaysReadyDurable }
            { name: 'http', instanceCount: size.alwaysReadyHttp }
          ],
          group => group.instanceCount > 0
        )
      }
    }
  }

  resource noFtpPassword 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource noDeploymentPassword 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: app
  properties: {
    workspaceId: workspaceId
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('The host name of the function app.')
output hostName string = app.properties.defaultHostName
