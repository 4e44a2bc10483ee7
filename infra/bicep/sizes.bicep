metadata description = 'What small, medium and large mean. docs/scaling.md has the figures behind them.'

@export()
@description('How much the platform is made for.')
type SizeName = 'small' | 'medium' | 'large'

@export()
@sealed()
@description('What one size stands for.')
type Size = {
  @description('The memory of one instance, in MB.')
  instanceMemoryMB: 512 | 2048 | 4096

  @description('The number of instances that each group of functions may grow to.')
  @minValue(40)
  @maxValue(1000)
  maximumInstances: int

  @description('Instances that are always ready for orchestrations and activities.')
  alwaysReadyDurable: int

  @description('Instances that are always ready for HTTP.')
  alwaysReadyHttp: int

  @description('Whether what runs survives the loss of an availability zone.')
  zoneRedundant: bool

  @description('How the Durable Task Scheduler is billed and bounded.')
  schedulerSku: 'Consumption' | 'Dedicated'

  @description('Capacity units of a dedicated scheduler; three make it highly available.')
  @minValue(1)
  @maxValue(3)
  schedulerCapacity: int

  @description('Days that the scheduler keeps instances which completed.')
  @minValue(1)
  @maxValue(90)
  completedDays: int

  @description('Days that the scheduler keeps instances which failed or were terminated.')
  @minValue(1)
  @maxValue(90)
  failedDays: int

  @description('How the storage accounts are replicated.')
  storageSku: 'Standard_LRS' | 'Standard_ZRS'

  @description('Days that logs are kept.')
  @minValue(30)
  @maxValue(730)
  logDays: int

  @description('GB of logs a day at which collecting stops; -1 for no limit.')
  logGigabytesADay: int

  @description('Whether a deleted key vault can be removed for good only after its retention.')
  purgeProtection: bool
}

@export()
@description('The sizes by name.')
var sizes = {
  small: {
    instanceMemoryMB: 2048
    maximumInstances: 40
    alwaysReadyDurable: 0
    alwaysReadyHttp: 0
    zoneRedundant: false
    schedulerSku: 'Consumption'
    schedulerCapacity: 1
    completedDays: 14
    failedDays: 30
    storageSku: 'Standard_LRS'
    logDays: 30
    logGigabytesADay: 1
    purgeProtection: false
  }
  medium: {
    instanceMemoryMB: 2048
    maximumInstances: 100
    alwaysReadyDurable: 1
    alwaysReadyHttp: 1
    zoneRedundant: false
    schedulerSku: 'Dedicated'
    schedulerCapacity: 1
    completedDays: 30
    failedDays: 90
    storageSku: 'Standard_ZRS'
    logDays: 90
    logGigabytesADay: 10
    purgeProtection: true
  }
  large: {
    instanceMemoryMB: 4096
    maximumInstances: 400
    alwaysReadyDurable: 3
    alwaysReadyHttp: 3
    zoneRedundant: true
    schedulerSku: 'Dedicated'
    schedulerCapacity: 3
    completedDays: 30
    failedDays: 90
    storageSku: 'Standard_ZRS'
    logDays: 180
    logGigabytesADay: -1
    purgeProtection: true
  }
}
