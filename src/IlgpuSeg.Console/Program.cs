using IlgpuSeg.Console;

return CommandLine.Run(args);
