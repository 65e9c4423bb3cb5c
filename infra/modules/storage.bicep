// What workers share with the app: runs, checkpoints, queues. What is the app's own is in hostStorage.bicep. Keys are off; only identities get in.
param location string
param tags object
param name string
param rolloutRetentionDays int

@description('Whether the account is reached over the internet (by identity) or by private endpoints alone.')
param publicAccess bool

// Named as in src/Shared/Storage/BlobLayout.cs.
var runsContainerName = 'r1-cloud'

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: publicAccess ? 'Enabled' : 'Disabled'
    networkAcls: {
      defaultAction: publicAccess ? 'Allow' : 'Deny'
      bypass: 'AzureServices'
    }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      // A deleted run can be had back for a week.
      deleteRetentionPolicy: { enabled: true, days: 7 }
      containerDeleteRetentionPolicy: { enabled: true, days: 7 }
    }

    resource runs 'containers' = {
      name: runsContainerName
    }
  }

  resource queues 'queueServices' = {
    name: 'default'

    resource completions 'queues' = {
      name: 'r1-completions'
    }
  }

  resource lifecycle 'managementPolicies' = {
    name: 'default'
    properties: {
      policy: {
        rules: [
          {
            // Rollouts are read once, by the update that follows; the metrics and samples that people look at lie elsewhere.
            name: 'delete-old-rollouts'
            type: 'Lifecycle'
            definition: {
              filters: { blobTypes: ['blockBlob'], prefixMatch: ['${runsContainerName}/rollouts/'] }
              actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: rolloutRetentionDays } } }
            }
          }
          {
            name: 'cool-old-runs'
            type: 'Lifecycle'
            definition: {
              filters: { blobTypes: ['blockBlob'], prefixMatch: ['${runsContainerName}/runs/'] }
              actions: { baseBlob: { tierToCool: { daysAfterModificationGreaterThan: 60 } } }
            }
          }
        ]
      }
    }
    dependsOn: [blobs]
  }
}

output id string = account.id
output name string = account.name
output blobEndpoint string = account.properties.primaryEndpoints.blob
output queueEndpoint string = account.properties.primaryEndpoints.queue
