"""What pages ask of metering: the registry as it is drawn, how meters and terminals stand now, what was collected, what is wrong."""
