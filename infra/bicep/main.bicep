metadata description = 'Atomic DevOps in Azure: everything that the platform needs, in one resource group.'

targetScope = 'subscription'

import {
  PlatformSettings
  Registry
  SecretSetting
  agentSettings
  cloudSecretSettings
  givenSettings
  registrySettings
  repositorySettings
  secretSettings
} from 'settings.bicep'
import { SizeName, sizes } from 'sizes.bicep'

@description('The name of the environment: part of the resource group\'s name, and of the hash in every other name.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('The region of everything. It has to offer Flex Consumption and the Durable Task Scheduler.')
@metadata({ azd: { type: 'location' } })
param location string

@description('How much the platform is made for.')
param size SizeName = 'small'

@description('Tags for every resource, beside azd-env-name.')
param tags object = {}

@description('Whether what the app uses is reached by private endpoints only. The app itself stays public: GitHub has to reach it.')
param privateNetworking bool = false

@description('The addresses of the virtual network, with private networking: a /16 to /24.')
param networkAddressPrefix string = '10.42.0.0/24'

@description('The object id of who may put secrets into the key vault and use the scheduler\'s dashboard; empty for nobody.')
param operatorPrincipalId string = ''

@description('What the operator is.')
param operatorPrincipalType 'User' | 'Group' | 'ServicePrincipal' = 'User'

@description('Who gets a mail when an alert fires; empty for nobody.')
param alertEmail string = ''

@description('How long L0 may be silent before an alert fires: at least three times Platform__HealthInterval.')
param alertSilence 'PT15M' | 'PT30M' | 'PT1H' | 'PT6H' | 'P1D' = 'PT15M'

@description('The address at which people reach the platform, where a proxy or a domain of your own stands in front; empty for the app\'s own.')
param publicAddress string = ''

@description('The repositories that the platform works for: owner/name or owner/*. With none, every one that its credentials reach.')
param repositories string[] = []

@description('The agents that are switched off, by name.')
param switchedOffAgents string[] = []

@description('The settings whose values are in the key vault. Put a secret there before you name it here.')
param secrets SecretSetting[] = []

@description('The container registries with credentials.')
param registries Registry[] = []

@description('The secrets that deployments and app settings may use, by the names that they have there. The key vault holds them as CloudApi--Secrets--N--Secret, N from 0.')
param cloudSecrets string[] = []

@description('What else the platform is told.')
param settings PlatformSettings = {}

var token = uniqueString(subscription().id, environmentName, location)
var allTags = union(tags, { 'azd-env-name': environmentName })
var private = privateNetworking
var identityName = 'id-${token}'
var componentName = 'appi-${token}'
var storageName = 'st${token}'
var contentName = 'stc${token}'
var vaultName = 'kv-${token}'
var appName = 'func-${token}'

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: allTags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: {
    name: identityName
    location: location
    tags: allTags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    workspaceName: 'log-${token}'
    componentName: componentName
    location: location
    tags: allTags
    size: sizes[size]
    identityName: identityName
  }
  dependsOn: [identity]
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    name: storageName
    location: location
    tags: allTags
    size: sizes[size]
    private: private
    identityName: identityName
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [identity]
}

module content 'modules/content.bicep' = {
  scope: group
  params: {
    name: contentName
    location: location
    tags: allTags
    size: sizes[size]
    private: private
    identityName: identityName
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [identity]
}

module scheduler 'modules/scheduler.bicep' = {
  scope: group
  params: {
    name: 'dts-${token}'
    taskHubName: loadJsonContent('../../host.json').extensions.durableTask.hubName
    location: location
    tags: allTags
    size: sizes[size]
    private: private
    identityName: identityName
    operatorPrincipalId: operatorPrincipalId
    operatorPrincipalType: operatorPrincipalType
  }
  dependsOn: [identity]
}

module vault 'modules/key-vault.bicep' = {
  scope: group
  params: {
    name: vaultName
    location: location
    tags: allTags
    size: sizes[size]
    private: private
    identityName: identityName
    operatorPrincipalId: operatorPrincipalId
    operatorPrincipalType: operatorPrincipalType
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [identity]
}

module network 'modules/network.bicep' = if (private) {
  scope: group
  params: {
    name: 'vnet-${token}'
    location: location
    tags: allTags
    addressPrefix: networkAddressPrefix
  }
}

module endpoints 'modules/private-endpoints.bicep' = if (private) {
  scope: group
  params: {
    suffix: token
    location: location
    tags: allTags
    networkId: network!.outputs.id
    subnetId: network!.outputs.endpointSubnetId
    storageId: storage.outputs.id
    contentId: content.outputs.id
    vaultId: vault.outputs.id
    schedulerId: scheduler.outputs.id
  }
}

module app 'modules/function-app.bicep' = {
  scope: group
  params: {
    name: appName
    planName: 'plan-${token}'
    location: location
    tags: allTags
    size: sizes[size]
    identityName: identityName
    packages: storage.outputs.packages
    subnetId: private ? network!.outputs.appSubnetId : ''
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [identity, endpoints]
}

module appSettings 'modules/app-settings.bicep' = {
  scope: group
  params: {
    appName: appName
    hostName: app.outputs.hostName
    identityName: identityName
    storageName: storageName
    applicationInsightsName: componentName
    schedulerEndpoint: scheduler.outputs.endpoint
    publicAddress: publicAddress
    artifactsContainer: content.outputs.artifactsContainer
    findingsContainer: content.outputs.findingsContainer
    logsContainer: content.outputs.logsContainer
    settings: union(
      givenSettings(settings),
      repositorySettings(repositories),
      agentSettings(switchedOffAgents),
      secretSettings(secrets, vaultName),
      registrySettings(registries, vaultName),
      cloudSecretSettings(cloudSecrets, vaultName)
    )
  }
  dependsOn: [vault]
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    namePrefix: 'alert-${token}'
    location: location
    tags: allTags
    componentId: monitoring.outputs.componentId
    email: alertEmail
    silence: alertSilence
  }
}

@description('The host that azd builds the app for.')
output DurableHost string = 'azure'

@description('The resource group.')
output AZURE_RESOURCE_GROUP string = group.name

@description('The name of the function app.')
output AZURE_FUNCTION_APP_NAME string = appName

@description('The name of the key vault.')
output AZURE_KEY_VAULT_NAME string = vaultName

@description('The address that the app calls from, with private networking: for the firewall of the container engine.')
output OUTBOUND_ADDRESS string = private ? network!.outputs.outboundAddress : ''

@description('Where GitHub sends its deliveries.')
output WEBHOOK_URL string = 'https://${app.outputs.hostName}/api/github/webhook'
