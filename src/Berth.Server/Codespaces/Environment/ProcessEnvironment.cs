namespace Berth.Server.Codespaces.Environment;

/// <summary>The environment of one process: what the dev container says, then what Berth sets.</summary>
internal static class ProcessEnvironment
{
    /// <summary>Berth's come last and alone: of two variables with one name programs take either.</summary>
    /// <returns>Each as NAME=VALUE.</returns>
    public static IReadOnlyList<string> Of(IReadOnlyDictionary<string, string> remote, IReadOnlyDictionary<string, string> own) =>
    [
        .. remote.Where(variable => !own.ContainsKey(variable.Key)).Concat(own).Select(variable => $"{variable.Key}={variable.Value}"),
    ];
}
