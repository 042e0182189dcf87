namespace Berth.Client.Wire;

/// <summary>How many requests a caller may still make, in GitHub's form.</summary>
public sealed record RateLimitReport
{
    public required RateLimitResources Resources { get; init; }

    public required RateLimit Rate { get; init; }
}

/// <summary>GitHub counts some parts separately. Here they share one count.</summary>
public sealed record RateLimitResources
{
    public required RateLimit Core { get; init; }

    public required RateLimit Graphql { get; init; }
}

public sealed record RateLimit
{
    public required long Limit { get; init; }

    public required long Used { get; init; }

    public required long Remaining { get; init; }

    /// <summary>When the count starts anew, in seconds since 1970 UTC.</summary>
    public required long Reset { get; init; }
}
