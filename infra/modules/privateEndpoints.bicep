// The services of both storage accounts by private addresses, and the names that lead there.
param location string
param tags object
param namePrefix string
param runsStorageId string
param hostStorageId string
param subnetId string
param virtualNetworkId string

var services = ['blob', 'queue', 'table']
var targets = [
  { name: 'runs-blob', host: false, service: 0 }
  { name: 'runs-queue', host: false, service: 1 }
  { name: 'host-blob', host: true, service: 0 }
  { name: 'host-queue', host: true, service: 1 }
  { name: 'host-table', host: true, service: 2 }
]

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [for service in services: {
  name: 'privatelink.${service}.${environment().suffixes.storage}'
  location: 'global'
  tags: tags
}]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (service, i) in services: {
  parent: zones[i]
  name: 'network'
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: { id: virtualNetworkId }
  }
}]

resource endpoints 'Microsoft.Network/privateEndpoints@2024-05-01' = [for target in targets: {
  name: '${namePrefix}-${target.name}'
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      {
        name: target.name
        properties: {
          privateLinkServiceId: target.host ? hostStorageId : runsStorageId
          groupIds: [services[target.service]]
        }
      }
    ]
  }
}]

resource records 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [for (target, i) in targets: {
  parent: endpoints[i]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: services[target.service]
        properties: { privateDnsZoneId: zones[target.service].id }
      }
    ]
  }
}]
