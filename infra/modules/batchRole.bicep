// Roles of one principal on the Batch account.
param principalId string

@allowed(['ServicePrincipal', 'User', 'Group'])
param principalType string

param batchAccountName string
param roles array

// Built-in roles: learn.microsoft.com/azure/role-based-access-control/built-in-roles
var roleIds = {
  'Azure Batch Data Contributor': '6aaa78f1-f7de-44ca-8722-c64a23943cae'
}

resource account 'Microsoft.Batch/batchAccounts@2024-07-01' existing = {
  name: batchAccountName
}

resource onAccount 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in roles: {
  name: guid(account.id, principalId, role)
  scope: account
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[role])
  }
}]
