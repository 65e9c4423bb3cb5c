// Batch account and the pool of GPU nodes. Pools with an identity can be made here only, not by the app.
param location string
param tags object
param accountName string

@allowed(['BatchService', 'UserSubscription'])
param poolAllocationMode string

@description('The vault that UserSubscription needs; empty otherwise.')
param keyVaultId string
param keyVaultUrl string

param workerIdentityId string
param registryServer string

@description('Repository and digest within the registry; empty for none yet.')
param trainerImage string

param vmSize string
param maxSpotNodes int
param maxDedicatedNodes int

@description('The pool\'s subnet; empty for none.')
param subnetId string

@description('Image of the nodes.')
param nodeImage object

param nodeAgentSkuId string

@description('Disk of the nodes\' system, on which Docker keeps its images.')
param osDiskSizeGB int

// As many nodes as there are workers waiting or working: spot ("low priority" to the formula), up to the limit. Dedicated ones stand in, up to
// theirs, for spot nodes that were taken away, and for those that the region has not given to workers who waited a quarter of an hour. Nobody
// waiting: none. A node that leaves finishes its worker first.
var autoscaleFormula = '''
maxSpot = {0};
maxDedicated = {1};
sampled = $PendingTasks.GetSamplePercent(5 * TimeInterval_Minute);
wanted = sampled < 50 ? max(0, $PendingTasks.GetSample(1)) : max($PendingTasks.GetSample(1), avg($PendingTasks.GetSample(5 * TimeInterval_Minute)));
steady = $PendingTasks.GetSamplePercent(15 * TimeInterval_Minute) < 50 ? 0 : min($PendingTasks.GetSample(15 * TimeInterval_Minute));
given = $CurrentLowPriorityNodes - max(0, $PreemptedNodeCount.GetSample(1));
lacking = max(0, min(maxSpot, steady) - given);
$TargetDedicatedNodes = min(maxDedicated, maxSpot > 0 ? lacking : wanted);
$TargetLowPriorityNodes = min(maxSpot, max(0, wanted - $TargetDedicatedNodes));
$NodeDeallocationOption = taskcompletion;
'''

resource account 'Microsoft.Batch/batchAccounts@2024-07-01' = {
  name: accountName
  location: location
  tags: tags
  identity: { type: 'None' }
  properties: {
    poolAllocationMode: poolAllocationMode
    keyVaultReference: empty(keyVaultId) ? null : { id: keyVaultId, url: keyVaultUrl }
    // No account keys: the app signs in.
    allowedAuthenticationModes: ['AAD']
    publicNetworkAccess: 'Enabled'
  }

  resource pool 'pools' = {
    name: 'gpu'
    identity: {
      type: 'UserAssigned'
      userAssignedIdentities: { '${workerIdentityId}': {} }
    }
    properties: {
      displayName: 'R1 Cloud workers'
      vmSize: vmSize
      taskSlotsPerNode: 1 // one worker a node, on all its GPUs
      targetNodeCommunicationMode: 'Simplified'
      deploymentConfiguration: {
        virtualMachineConfiguration: {
          imageReference: nodeImage
          nodeAgentSkuId: nodeAgentSkuId
          osDisk: { diskSizeGB: osDiskSizeGB }
          containerConfiguration: {
            type: 'DockerCompatible'
            // Pulled when a node starts, so that a worker need not wait for it.
            containerImageNames: empty(trainerImage) ? [] : ['${registryServer}/${trainerImage}']
            containerRegistries: [
              {
                registryServer: registryServer
                identityReference: { resourceId: workerIdentityId }
              }
            ]
          }
        }
      }
      networkConfiguration: empty(subnetId) ? null : {
        subnetId: subnetId
        // For what nodes ask of Batch and the registry; the subnet's rules let nothing in.
        publicIPAddressConfiguration: { provision: 'BatchManaged' }
      }
      scaleSettings: {
        autoScale: {
          formula: format(autoscaleFormula, maxSpotNodes, maxDedicatedNodes)
          evaluationInterval: 'PT5M'
        }
      }
      // Of the virtual machines, where they are the subscription's own; Batch refuses tags on machines of its own.
      resourceTags: poolAllocationMode == 'UserSubscription' ? tags : null
    }
  }
}

output accountName string = account.name
output endpoint string = account.properties.accountEndpoint
output poolId string = account::pool.name
