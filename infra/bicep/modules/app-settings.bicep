metadata description = 'What the function app is told, and the file share that its instances mount.'

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

@description('The name of the storage account with the file share; empty for none.')
param fileShareAccount string

@description('The name of that share.')
param fileShareName string

@description('All other app settings, by name.')
param settings object

var shareDirectory = '/mounts/atomic-devops'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource files 'Microsoft.Storage/storageAccounts@2026-04-01' existing = if (!empty(fileShareAccount)) {
  name: fileShareAccount
}

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName

  resource mounts 'config' = if (!empty(fileShareAccount)) {
    name: 'azurestorageaccounts'
    properties: {
      shared: {
        type: 'AzureFiles'
        protocol: 'Smb'
        accountName: fileShareAccount
        shareName: fileShareName
        mountPath: shareDirectory
        accessKey: files!.listKeys().keys[0].value
      }
    }
  }

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
        Git__Directory: '/tmp/atomic-devops/git'
      },
      empty(fileShareAccount)
        ? {}
        : {
            Artifacts__Directory: '${shareDirectory}/artifacts'
            Logs__Directory: '${shareDirectory}/logs'
          },
      settings
    )
    dependsOn: [mounts]
  }
}
