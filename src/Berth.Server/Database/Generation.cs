using System.Runtime.InteropServices;

namespace Berth.Server.Database;

/// <summary>
/// Numbers a state of the database that holds every write acknowledged when it was asked for. A request asks once, when it comes in:
/// what it reads may be older than what is committed meanwhile, never older than the request.
/// </summary>
/// <param name="All">Changes with every write. Null when nothing may be cached now.</param>
/// <param name="OfAccess">Changes with writes that touch access. Where other processes write too, it changes with every write.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Generation(long? All, long? OfAccess);
