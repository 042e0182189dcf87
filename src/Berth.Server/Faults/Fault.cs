namespace Berth.Server.Faults;

/// <summary>A failure in a codespace or at another registry, in words for the person whose start or login it was.</summary>
/// <param name="Message">The true cause. It never contains a secret.</param>
/// <param name="Remedy">What would fix it. Null when nobody knows, or the message says it.</param>
internal sealed record Fault(FaultKind Kind, string Message, string? Remedy = null)
{
    /// <summary>A registry rejected the login, or the login gives no right. An attempt without it may still succeed.</summary>
    public bool IsLoginRejected =>
        Kind is FaultKind.WrongPassword or FaultKind.Denied or FaultKind.LoginRequired or FaultKind.RealmRefused
            or FaultKind.ExchangeFailed;

    /// <summary>A registry refused, or could not be asked.</summary>
    public bool IsOfRegistry => Kind <= FaultKind.ExchangeFailed;

    /// <summary>The text for people, in logs and answers.</summary>
    public override string ToString() => Shown(Message, Remedy);

    /// <summary>One line that says what happened and what would help.</summary>
    public static string Shown(string message, string? remedy) => remedy is null ? message : $"{message}. Remedy: {remedy}";
}

/// <summary>Throws a <see cref="Fault"/> from a place too deep to return it.</summary>
internal class FaultException(Fault fault, Exception? cause = null) : Exception(fault.ToString(), cause)
{
    public FaultException(FaultKind kind, string message, string? remedy = null)
        : this(new Fault(kind, message, remedy))
    {
    }

    public FaultException(FaultKind kind, string message, Exception? cause)
        : this(new Fault(kind, message), cause)
    {
    }

    public Fault Fault { get; } = fault;
}
