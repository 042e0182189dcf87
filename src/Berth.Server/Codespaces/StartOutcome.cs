namespace Berth.Server.Codespaces;

/// <summary>How a start ended, as the metrics count it.</summary>
internal enum StartOutcome
{
    Available,
    Failed,

    /// <summary>Somebody asked for something else meanwhile, or the server stopped.</summary>
    Interrupted,
}

/// <summary>
/// The cause of a start's end, as the metrics count it: who was at fault if that is known, otherwise the step that failed.
/// </summary>
internal enum StartCause
{
    /// <summary>It became available, or was interrupted.</summary>
    None,

    /// <summary>The container engine does not answer, or refused.</summary>
    Engine,

    /// <summary>A registry did not give an image.</summary>
    Registry,

    /// <summary>Files of this host could not be read or written.</summary>
    Files,

    /// <summary>A fault of this code; the server's log has it.</summary>
    Server,

    // The steps, in their order.
    Host,
    Access,
    Machine,
    Token,
    Credentials,
    Environment,
    Container,
    Clone,
    Configuration,
    Permissions,
    Images,
    Build,
    Workspace,
    Services,
    Up,
}

/// <summary>How far a start has come.</summary>
internal sealed class StartProgress
{
    public StartCause Step { get; set; } = StartCause.Host;
}
