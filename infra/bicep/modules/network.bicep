metadata description = 'A virtual network for the function app and for the private endpoints of what it uses.'

@description('The name of the virtual network.')
param name string

@description('The region.')
param location string

@description('The tags.')
param tags object

@description('The addresses of the network: a /16 to /24.')
param addressPrefix string

resource noInbound 'Microsoft.Network/networkSecurityGroups@2026-01-01' = {
  name: '${name}-endpoints'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'app-only'
        properties: {
          description: 'Endpoints are for the function app; everything else from the network is refused by the rule after this one.'
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: cidrSubnet(addressPrefix, 26, 0)
          sourcePortRange: '*'
          destinationAddressPrefix: cidrSubnet(addressPrefix, 26, 1)
          destinationPortRange: '443'
        }
      }
      {
        name: 'nothing-else'
        properties: {
          description: 'Without this one the default rules let the whole network in.'
          priority: 4096
          direction: 'Inbound'
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

// GitHub has to be reached, and a subnet has no way out of its own.
resource address 'Microsoft.Network/publicIPAddresses@2026-01-01' = {
  name: '${name}-outbound'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

resource wayOut 'Microsoft.Network/natGateways@2026-01-01' = {
  name: '${name}-outbound'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIpAddresses: [{ id: address.id }] }
}

resource network 'Microsoft.Network/virtualNetworks@2026-01-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressPrefix] }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 0)
          defaultOutboundAccess: false
          natGateway: { id: wayOut.id }
          delegations: [{ name: 'functions', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 1)
          defaultOutboundAccess: false
          networkSecurityGroup: { id: noInbound.id }
          privateEndpointNetworkPolicies: 'Enabled'
        }
      }
    ]
  }

  resource app 'subnets' existing = {
    name: 'app'
  }

  resource endpoints 'subnets' existing = {
    name: 'endpoints'
  }
}

@description('The virtual network, for the links of DNS zones.')
output id string = network.id

@description('The address that the function app calls from.')
output outboundAddress string = address.properties.ipAddress

@description('The subnet of the function app.')
output appSubnetId string = network::app.id

@description('The subnet of the private endpoints.')
output endpointSubnetId string = network::endpoints.id
