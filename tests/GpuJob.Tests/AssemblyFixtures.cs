using R1Cloud.Testing;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]
