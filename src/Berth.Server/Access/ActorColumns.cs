namespace Berth.Server.Access;

/// <summary>
/// The columns that say who did something, as every table of records has them. Names, values and what fills them stand here alone, so that
/// what a record says of its actor is the same wherever it is kept.
/// </summary>
internal static class ActorColumns
{
    public const string Names = "actor, actor_name, token_id, address, request_id, run, ref, commit_id, environment";

    /// <summary>In the order of <see cref="Names"/>; <see cref="Of"/> has the values.</summary>
    public const string Values =
        "@actorKey, @actorName, @actorToken, @actorAddress, @actorRequest, @actorRun, @actorRef, @actorCommit, @actorEnvironment";

    /// <summary>Of a table that a query gives another name.</summary>
    public static string OfAlias(string alias) => $"{alias}." + Names.Replace(", ", $", {alias}.", StringComparison.Ordinal);

    public static object Of(ChangeActor actor) => new
    {
        actorKey = actor.Key,
        actorName = actor.Name,
        actorToken = actor.TokenId,
        actorAddress = actor.Address,
        actorRequest = actor.RequestId,
        actorRun = actor.Run,
        actorRef = actor.Ref,
        actorCommit = actor.Commit,
        actorEnvironment = actor.Environment,
    };
}
