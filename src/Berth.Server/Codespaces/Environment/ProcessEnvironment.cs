namespace Berth.Server.Codespaces.Environment;

/// <summary>Puts together the environment of one process: the dev container's variables, then Berth's.</summary>
internal static class ProcessEnvironment
{
    /// <summary>Berth's variables replace the dev container's. If a name came twice, programs would take either value.</summary>
    /// <returns>Variables as NAME=VALUE.</returns>
    public static IReadOnlyList<string> Of(IReadOnlyDictionary<string, string> remote, IReadOnlyDictionary<string, string> own) =>
    [
        .. remote.Where(variable => !own.ContainsKey(variable.Key)).Concat(own).Select(variable => $"{variable.Key}={variable.Value}"),
    ];
}
