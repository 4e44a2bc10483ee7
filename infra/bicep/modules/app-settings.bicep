metadata description = 'What the function app is told.'

@description('The name of the function app.')
param appName string

@description('The host name of the function app.')
param hostName string

@description('The name of the identity that the app runs as.')
param identityName string

@description('The name of the storage account of the Functions host.')
param storageName string

@description('The name of the Application Insights component.')
param applicationInsightsName string

@description('Where the Durable Task Scheduler listens.')
param schedulerEndpoint string

@description('The address at which people reach the platform; empty for the app\'s own.')
param publicAddress string

@description('The address of the blob container for workspaces.')
param artifactsContainer string

@description('The address of the blob container for what is known of findings.')
param findingsContainer string

@description('The address of the blob container for the logs of stages.')
param logsContainer string

@description('All other app settings, by name.')
param settings object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(
      {
        AzureWebJobsStorage__accountName: storageName
        AzureWebJobsStorage__credential: 'managedidentity'
        AzureWebJobsStorage__clientId: identity.properties.clientId
        APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsights.properties.ConnectionString
        APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
        DURABLE_TASK_SCHEDULER_CONNECTION_STRING: 'Endpoint=${schedulerEndpoint};Authentication=ManagedIdentity;ClientID=${identity.properties.clientId}'
        Platform__PublicAddress: empty(publicAddress) ? 'https://${hostName}/' : publicAddress
        Azure__SubscriptionId: subscription().subscriptionId
        Azure__Credential: 'ManagedIdentity'
        Azure__ManagedIdentityClientId: identity.properties.clientId
        Artifacts__Container: artifactsContainer
        Findings__Container: findingsContainer
        Logs__Container: logsContainer
        Git__Directory: '/tmp/atomic-devops/git'
      },
      settings
    )
  }
}
