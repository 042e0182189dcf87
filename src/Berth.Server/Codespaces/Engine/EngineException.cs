namespace Berth.Server.Codespaces.Engine;

/// <summary>The engine refused, with its own words; or it did not answer.</summary>
internal sealed class EngineException(int status, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>The status of the answer. 0 when there was none.</summary>
    public int Status { get; } = status;

    public static EngineException Silent(string path, Exception cause) =>
        new(0, $"the container engine at {path} does not answer: {cause.Message}", cause);
}
