namespace Berth.Server.Database;

/// <summary>What a write changes. It is not chosen: the write's statements say it, and the highest of them counts.</summary>
public enum WriteKind
{
    /// <summary>Bytes, tags, logs, secrets: nothing that decides who may do what. What is remembered about access stays true.</summary>
    Content,

    /// <summary>Something that a decision depends on: what is remembered about access is forgotten.</summary>
    Access,

    /// <summary>Who has which role where: besides, tokens whose holder lost the role end in the same transaction.</summary>
    Roles,
}

/// <summary>Tells the kind of a write from its statements, and does what a change of roles brings with it.</summary>
public interface IWriteRules
{
    /// <summary>Called once for each statement's text; the answer is remembered.</summary>
    WriteKind KindOf(string sql);

    /// <summary>Runs in every transaction that changed roles, after its own statements.</summary>
    Task RolesChangedAsync(DbSession session);
}
