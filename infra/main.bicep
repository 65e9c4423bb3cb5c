// R1 Cloud on Azure: one resource group with storage, the Functions app, a Batch account with a GPU pool, a container registry, identities,
// monitoring and a budget. `azd up` deploys it; docs/azure.md leads through.
targetScope = 'subscription'

@description('Name of the azd environment: part of every name, and the tag azd-env-name.')
@minLength(1)
@maxLength(32)
param environmentName string

@description('The region. It must have the GPU family of vmSize; these have Functions Flex Consumption (az functionapp list-flexconsumption-locations).')
@allowed([
  'australiaeast'
  'australiasoutheast'
  'brazilsouth'
  'canadacentral'
  'centralindia'
  'centralus'
  'eastasia'
  'eastus'
  'eastus2'
  'francecentral'
  'germanywestcentral'
  'italynorth'
  'japaneast'
  'koreacentral'
  'northcentralus'
  'northeurope'
  'norwayeast'
  'southafricanorth'
  'southcentralus'
  'southeastasia'
  'southindia'
  'spaincentral'
  'swedencentral'
  'switzerlandnorth'
  'uaenorth'
  'uksouth'
  'ukwest'
  'westcentralus'
  'westeurope'
  'westus'
  'westus2'
  'westus3'
])
@metadata({ azd: { type: 'location' } })
param location string

@description('The person or pipeline that deploys: gets data-plane roles on storage and Batch. Empty for none.')
param principalId string = ''

@description('What principalId is.')
@allowed(['User', 'ServicePrincipal', 'Group'])
param principalType string = 'User'

@description('Image of the trainer in the registry, by digest: gpujob@sha256:… Empty until the first push; the pool then has no image to prefetch.')
param trainerImage string = ''

@description('VM size of the pool. The default has one NVIDIA A100 80 GB.')
param vmSize string = 'Standard_NC24ads_A100_v4'

@description('GPUs of a node of that VM size: one worker a node computes on all of them. 0 for what is known of vmSize, or 1.')
@minValue(0)
@maxValue(64)
param gpusPerNode int = 0

@description('Image of the nodes: one that Batch lists with a container runtime, and with the GPU driver.')
param nodeImage object = {
  publisher: 'microsoft-dsvm'
  offer: 'ubuntu-hpc'
  sku: '2204'
  version: 'latest'
}

@description('The Batch node agent that fits nodeImage.')
param nodeAgentSkuId string = 'batch.node.ubuntu 22.04'

@description('Disk of the nodes\' system in GB. Docker keeps images and containers on it; checkpoints on their way lie on the disk of vmSize.')
@minValue(64)
@maxValue(4095)
param osDiskSizeGB int = 128

@description('How Docker runs a worker\'s container. Empty for the app\'s own choice (docs/azure.md, Settings).')
param containerOptions string = ''

@description('Webhooks and trackers that recipes may name, as JSON (docs/services.md).')
param services string = ''

@description('CPU cores that one worker uses of that VM size.')
@minValue(1)
param workerThreads int = 24

@description('Most spot nodes at once.')
@minValue(0)
param maxSpotNodes int = 4

@description('Most dedicated nodes at once: they stand in for spot nodes that were taken away or never came. 0 for none.')
@minValue(0)
param maxDedicatedNodes int = 1

@description('Who allocates the pool: BatchService, or UserSubscription where the subscription needs it for spot nodes.')
@allowed(['BatchService', 'UserSubscription'])
param poolAllocationMode string = 'BatchService'

@description('For UserSubscription: object id of the service principal "Microsoft Azure Batch" in the tenant (docs/azure.md, Quotas).')
param batchServicePrincipalId string = ''

@description('Where Durable Functions keeps its state: the storage account, or the Durable Task Scheduler (docs/azure.md, Where orchestrations are kept).')
@allowed(['storage', 'scheduler'])
param durableBackend string = 'storage'

@description('For the scheduler: Consumption is paid by the action, Dedicated by the hour.')
@allowed(['Consumption', 'Dedicated'])
param schedulerSku string = 'Consumption'

@description('Virtual network with private endpoints for storage, and the pool and app inside it.')
param vnetEnabled bool = false

@description('Price of a spot node an hour, for the cost figures.')
param spotPricePerHour string = '0'

@description('Price of a dedicated node an hour, for the cost figures.')
param dedicatedPricePerHour string = '0'

@description('Client id of an Entra ID application; sign-in is then asked for in addition to the function key. Empty for keys alone.')
param entraClientId string = ''

@description('Object ids of the people, applications and managed identities that may sign in; principalId may in any case.')
param entraIdentities array = []

@description('Object ids of the groups whose members may sign in; the application must issue group claims.')
param entraGroups array = []

@description('Monthly budget in the subscription\'s currency; 0 for none.')
@minValue(0)
param monthlyBudget int = 200

@description('Who is told when the budget is nearly used.')
param budgetContacts array = []

@description('First day of the budget: the first of the month in which it is made. Azure does not let it be changed later. Empty for this month.')
param budgetStart string = ''

@description('The month of the deployment; leave it.')
param thisMonth string = utcNow('yyyy-MM-01')

@description('Days after which rollouts are deleted.')
@minValue(1)
param rolloutRetentionDays int = 30

var abbreviations = loadJsonContent('abbreviations.json')
var token = toLower(uniqueString(subscription().id, environmentName, location))
// By Azure's pages on the sizes; others have one, or say so.
var gpusOf = {
  Standard_NC64as_T4_v3: 4
  Standard_NC48ads_A100_v4: 2
  Standard_NC96ads_A100_v4: 4
  Standard_NC80adis_H100_v5: 2
  Standard_ND96asr_v4: 8
  Standard_ND96amsr_A100_v4: 8
  Standard_ND96isr_H100_v5: 8
  Standard_ND96isr_H200_v5: 8
}

var tags = { 'azd-env-name': environmentName, app: 'r1-cloud' }

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: '${abbreviations.resourceGroup}${environmentName}'
  location: location
  tags: tags
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    logAnalyticsName: '${abbreviations.logAnalytics}${token}'
    applicationInsightsName: '${abbreviations.applicationInsights}${token}'
  }
}

module identities 'modules/identities.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    appIdentityName: '${abbreviations.managedIdentity}app-${token}'
    workerIdentityName: '${abbreviations.managedIdentity}worker-${token}'
  }
}

module network 'modules/network.bicep' = if (vnetEnabled) {
  scope: group
  params: {
    location: location
    tags: tags
    virtualNetworkName: '${abbreviations.virtualNetwork}${token}'
    networkSecurityGroupName: '${abbreviations.networkSecurityGroup}${token}'
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    name: '${abbreviations.storageAccount}${token}'
    rolloutRetentionDays: rolloutRetentionDays
    publicAccess: !vnetEnabled
  }
}

module hostStorage 'modules/hostStorage.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    name: '${abbreviations.storageAccount}host${token}'
    publicAccess: !vnetEnabled
  }
}

module privateEndpoints 'modules/privateEndpoints.bicep' = if (vnetEnabled) {
  scope: group
  params: {
    location: location
    tags: tags
    namePrefix: '${abbreviations.privateEndpoint}${token}'
    runsStorageId: storage.outputs.id
    hostStorageId: hostStorage.outputs.id
    subnetId: network!.outputs.endpointsSubnetId
    virtualNetworkId: network!.outputs.virtualNetworkId
  }
}

module registry 'modules/registry.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    name: '${abbreviations.containerRegistry}${token}'
  }
}

module batchVault 'modules/batchVault.bicep' = if (poolAllocationMode == 'UserSubscription') {
  scope: group
  params: {
    location: location
    tags: tags
    name: '${abbreviations.keyVault}${token}'
    batchServicePrincipalId: batchServicePrincipalId
  }
}

module batch 'modules/batch.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    accountName: '${abbreviations.batchAccount}${token}'
    poolAllocationMode: poolAllocationMode
    keyVaultId: poolAllocationMode == 'UserSubscription' ? batchVault!.outputs.id : ''
    keyVaultUrl: poolAllocationMode == 'UserSubscription' ? batchVault!.outputs.url : ''
    workerIdentityId: identities.outputs.workerId
    registryServer: registry.outputs.loginServer
    trainerImage: trainerImage
    vmSize: vmSize
    nodeImage: nodeImage
    nodeAgentSkuId: nodeAgentSkuId
    osDiskSizeGB: osDiskSizeGB
    maxSpotNodes: maxSpotNodes
    maxDedicatedNodes: maxDedicatedNodes
    subnetId: vnetEnabled ? network!.outputs.poolSubnetId : ''
  }
  // The pool pulls the image as soon as it exists: its identity needs the right before.
  dependsOn: [workerRoles]
}

module scheduler 'modules/scheduler.bicep' = if (durableBackend == 'scheduler') {
  scope: group
  params: {
    location: location
    tags: tags
    name: '${abbreviations.durableTaskScheduler}${token}'
    skuName: schedulerSku
    appPrincipalId: identities.outputs.appPrincipalId
  }
}

module functions 'modules/functions.bicep' = {
  scope: group
  params: {
    location: location
    tags: union(tags, { 'azd-service-name': 'orchestrator' })
    planName: '${abbreviations.appServicePlan}${token}'
    appName: '${abbreviations.functionApp}${token}'
    appIdentityId: identities.outputs.appId
    appIdentityClientId: identities.outputs.appClientId
    workerIdentityId: identities.outputs.workerId
    workerIdentityClientId: identities.outputs.workerClientId
    hostStorageName: hostStorage.outputs.name
    hostStorageBlobEndpoint: hostStorage.outputs.blobEndpoint
    deploymentContainer: hostStorage.outputs.deploymentContainer
    runsBlobEndpoint: storage.outputs.blobEndpoint
    runsQueueEndpoint: storage.outputs.queueEndpoint
    applicationInsightsConnectionString: monitoring.outputs.connectionString
    batchEndpoint: batch.outputs.endpoint
    batchPoolId: batch.outputs.poolId
    registryServer: registry.outputs.loginServer
    trainerImage: trainerImage
    containerOptions: containerOptions
    services: services
    schedulerEndpoint: durableBackend == 'scheduler' ? scheduler!.outputs.endpoint : ''
    workerThreads: workerThreads
    gpusPerNode: gpusPerNode > 0 ? gpusPerNode : gpusOf[?vmSize] ?? 1
    spotPricePerHour: spotPricePerHour
    dedicatedPricePerHour: dedicatedPricePerHour
    entraClientId: entraClientId
    entraIdentities: empty(principalId) || principalType == 'Group' ? entraIdentities : union([principalId], entraIdentities)
    entraGroups: principalType == 'Group' && !empty(principalId) ? union([principalId], entraGroups) : entraGroups
    subnetId: vnetEnabled ? network!.outputs.appSubnetId : ''
  }
  dependsOn: [appHostRoles, appRunsRoles]
}

module appHostRoles 'modules/roles.bicep' = {
  scope: group
  params: {
    principalId: identities.outputs.appPrincipalId
    principalType: 'ServicePrincipal'
    storageAccountName: hostStorage.outputs.name
    storageRoles: ['Storage Blob Data Owner', 'Storage Queue Data Contributor', 'Storage Table Data Contributor']
    applicationInsightsName: monitoring.outputs.name
    publishesMetrics: true
  }
}

module appRunsRoles 'modules/roles.bicep' = {
  scope: group
  params: {
    principalId: identities.outputs.appPrincipalId
    principalType: 'ServicePrincipal'
    storageAccountName: storage.outputs.name
    storageRoles: ['Storage Blob Data Contributor', 'Storage Queue Data Contributor']
    applicationInsightsName: monitoring.outputs.name
  }
}

module appBatchRole 'modules/batchRole.bicep' = {
  scope: group
  params: {
    principalId: identities.outputs.appPrincipalId
    principalType: 'ServicePrincipal'
    batchAccountName: batch.outputs.accountName
    roles: ['Azure Batch Data Contributor']
  }
}

module workerRoles 'modules/roles.bicep' = {
  scope: group
  params: {
    principalId: identities.outputs.workerPrincipalId
    principalType: 'ServicePrincipal'
    storageAccountName: storage.outputs.name
    storageRoles: ['Storage Blob Data Contributor', 'Storage Queue Data Contributor']
    registryName: registry.outputs.name
    registryRoles: ['AcrPull']
    applicationInsightsName: monitoring.outputs.name
    publishesMetrics: true
  }
}

module personRoles 'modules/roles.bicep' = if (!empty(principalId)) {
  scope: group
  params: {
    principalId: principalId
    principalType: principalType
    storageAccountName: storage.outputs.name
    storageRoles: ['Storage Blob Data Contributor', 'Storage Queue Data Contributor']
    registryName: registry.outputs.name
    registryRoles: ['AcrPush']
    applicationInsightsName: monitoring.outputs.name
  }
}

module personBatchRole 'modules/batchRole.bicep' = if (!empty(principalId)) {
  scope: group
  params: {
    principalId: principalId
    principalType: principalType
    batchAccountName: batch.outputs.accountName
    roles: ['Azure Batch Data Contributor']
  }
}

module budget 'modules/budget.bicep' = if (monthlyBudget > 0 && !empty(budgetContacts)) {
  scope: group
  params: {
    name: '${abbreviations.budget}${environmentName}'
    amount: monthlyBudget
    contacts: budgetContacts
    startDate: empty(budgetStart) ? thisMonth : budgetStart
  }
}

@description('Where runs are started and watched.')
output R1_URL string = functions.outputs.url
output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_CONTAINER_REGISTRY_ENDPOINT string = registry.outputs.loginServer
output AZURE_STORAGE_ACCOUNT string = storage.outputs.name
output AZURE_BATCH_ACCOUNT string = batch.outputs.accountName
output AZURE_FUNCTION_APP string = functions.outputs.name
