metadata description = 'A private endpoint for everything that the function app uses and that has one.'

@description('The end of every name.')
param suffix string

@description('The region.')
param location string

@description('The tags.')
param tags object

@description('The virtual network.')
param networkId string

@description('The subnet of the endpoints.')
param subnetId string

@description('The storage account of the Functions host.')
param storageId string

@description('The storage account with the file share; empty for none.')
param fileShareAccountId string

@description('The key vault.')
param vaultId string

@description('The Durable Task Scheduler.')
param schedulerId string

var storageSuffix = environment().suffixes.storage
var all = [
  { name: 'blob', resourceId: storageId, groupId: 'blob', zone: 'privatelink.blob.${storageSuffix}' }
  { name: 'table', resourceId: storageId, groupId: 'table', zone: 'privatelink.table.${storageSuffix}' }
  { name: 'file', resourceId: fileShareAccountId, groupId: 'file', zone: 'privatelink.file.${storageSuffix}' }
  { name: 'vault', resourceId: vaultId, groupId: 'vault', zone: 'privatelink.vaultcore.azure.net' }
  { name: 'scheduler', resourceId: schedulerId, groupId: 'scheduler', zone: 'privatelink.durabletask.io' }
]

module endpoints 'private-endpoint.bicep' = [
  for each in all: if (!empty(each.resourceId)) {
    name: 'endpoint-${each.name}'
    params: {
      name: 'pe-${each.name}-${suffix}'
      location: location
      tags: tags
      resourceId: each.resourceId
      groupId: each.groupId
      zoneName: each.zone
      networkId: networkId
      subnetId: subnetId
    }
  }
]
