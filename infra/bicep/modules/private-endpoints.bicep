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

@description('The storage account of workspaces and logs.')
param contentId string

@description('The key vault.')
param vaultId string

@description('The Durable Task Scheduler.')
param schedulerId string

var storageSuffix = environment().suffixes.storage
var blobZone = 'privatelink.blob.${storageSuffix}'
var tableZone = 'privatelink.table.${storageSuffix}'
var vaultZone = 'privatelink.vaultcore.azure.net'
var schedulerZone = 'privatelink.durabletask.io'
var all = [
  { name: 'blob', resourceId: storageId, groupId: 'blob', zone: blobZone }
  { name: 'table', resourceId: storageId, groupId: 'table', zone: tableZone }
  { name: 'content', resourceId: contentId, groupId: 'blob', zone: blobZone }
  { name: 'vault', resourceId: vaultId, groupId: 'vault', zone: vaultZone }
  { name: 'scheduler', resourceId: schedulerId, groupId: 'scheduler', zone: schedulerZone }
]

module zones 'private-zone.bicep' = [
  for zone in [blobZone, tableZone, vaultZone, schedulerZone]: {
    name: 'zone-${zone}'
    params: {
      name: zone
      tags: tags
      networkId: networkId
    }
  }
]

module endpoints 'private-endpoint.bicep' = [
  for each in all: {
    name: 'endpoint-${each.name}'
    params: {
      name: 'pe-${each.name}-${suffix}'
      location: location
      tags: tags
      resourceId: each.resourceId
      groupId: each.groupId
      zoneName: each.zone
      subnetId: subnetId
    }
    dependsOn: [zones]
  }
]
