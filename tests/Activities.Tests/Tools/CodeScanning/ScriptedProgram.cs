using AtomicDevOps.Activities.Tests.Support;

namespace AtomicDevOps.Activities.Tests.Tools.CodeScanning;

/// <summary>A program that does what a shell script says.</summary>
internal static class ScriptedProgram
{
    public static string Write(TemporaryDirectory directory, string name, string script)
    {
        Guard.NeedsLinux();
        var path = directory.Combine(name);
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }
}
