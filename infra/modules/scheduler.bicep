// Durable Task Scheduler: keeps the orchestrations in the storage account's place.
param location string
param tags object
param name string

@allowed(['Consumption', 'Dedicated'])
param skuName string

@description('The app\'s identity.')
param appPrincipalId string

// Built-in role "Durable Task Data Contributor".
var dataContributor = '0ad04412-c4d5-4796-b79c-f76d14c8d402'

resource scheduler 'Microsoft.DurableTask/schedulers@2025-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: skuName == 'Dedicated' ? { name: skuName, capacity: 1 } : { name: skuName }
    // By address everybody, by identity the app alone. An empty list would let nobody in.
    ipAllowlist: ['0.0.0.0/0']
  }

  // Named as in host.json.
  resource hub 'taskHubs' = {
    name: 'R1Cloud'
  }
}

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(scheduler.id, appPrincipalId, dataContributor)
  scope: scheduler
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', dataContributor)
  }
}

output endpoint string = scheduler.properties.endpoint
