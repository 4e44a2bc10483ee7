metadata description = 'Who the function app is to every other resource. There is no other credential.'

@description('The name of the identity.')
param name string

@description('The region.')
param location string

@description('The tags.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}
