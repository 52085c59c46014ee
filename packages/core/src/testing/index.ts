export { providerContract, type ProviderSample, type Recording, type Rule } from './provider-contract.ts'
