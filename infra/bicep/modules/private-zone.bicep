metadata description = 'A DNS zone that leads the names of private endpoints to them, for one virtual network.'

@description('The name of the zone.')
param name string

@description('The tags.')
param tags object

@description('The virtual network that resolves names by the zone.')
param networkId string

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: name
  location: 'global'
  tags: tags

  resource link 'virtualNetworkLinks' = {
    name: 'network'
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: { id: networkId }
    }
  }
}
