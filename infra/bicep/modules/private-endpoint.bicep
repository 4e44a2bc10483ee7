metadata description = 'A private endpoint of one resource, and its name in a DNS zone.'

@description('The name of the endpoint.')
param name string

@description('The region.')
param location string

@description('The tags.')
param tags object

@description('The resource behind the endpoint.')
param resourceId string

@description('Which part of the resource: blob, table, vault or scheduler.')
param groupId string

@description('The DNS zone of such endpoints.')
param zoneName string

@description('The subnet of the endpoint.')
param subnetId string

resource endpoint 'Microsoft.Network/privateEndpoints@2026-01-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      {
        name: groupId
        properties: {
          privateLinkServiceId: resourceId
          groupIds: [groupId]
        }
      }
    ]
  }

  resource zones 'privateDnsZoneGroups' = {
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [{ name: groupId, properties: { privateDnsZoneId: zone.id } }]
    }
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' existing = {
  name: zoneName
}
